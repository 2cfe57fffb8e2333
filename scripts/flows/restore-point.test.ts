import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Context } from "../context.ts";
import { neonApi } from "../providers/neon-api.ts";
import type { Listening } from "../rehearsal/clouds/base/serve.ts";
import { startNeon } from "../rehearsal/clouds/neon/start.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { ReleaseStore } from "../release/store.ts";
import { manifest } from "../release/testing/manifest.ts";
import { createReporter } from "../terminal/reporter.ts";
import type { OpenedStack } from "./environment.ts";
import { planDatabaseRestore } from "./restore-database.ts";
import { databaseOf, makeRestorePoint } from "./restore-point.ts";

let world: string;
let neon: Listening;
/** Goes on by itself, as Neon's operations take their time, and by minutes when a test says so. */
let skipped = Date.parse("2026-11-20T10:00:00Z") - performance.now();
const now = () => new Date(skipped + performance.now());
const token = "neon-key-of-the-restore-test";
const Branches = z.object({
  branches: z.array(z.looseObject({ id: z.string(), name: z.string(), expires_at: z.string().nullish() })),
});

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "quayside-restore-"));
  neon = await startNeon({ world, token, operationMs: 5, now });
  // As the set-up makes them.
  for (const project of [
    { name: "quayside", branch: { name: "prod" } },
    { name: "quayside-shop-prod", branch: { name: "shop-prod" } },
  ])
    await neonApi(token, `${neon.url}/api/v2`).call("POST", "/projects", z.unknown(), { project });
});
afterAll(async () => {
  await neon.close();
  rmSync(world, { recursive: true });
});

const context: Context = {
  root: "/",
  json: false,
  env: {},
  signal: new AbortController().signal,
  now,
  reporter: createReporter({
    github: false,
    stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
  }),
};
function opened(name: string): OpenedStack {
  const values: Record<string, string> = { NEON_API_KEY: token, NEON_API_URL: neon.url };
  return {
    name,
    stage: name.replace(/^shop-/, ""),
    repository: "quayside",
    dir: "/nowhere",
    file: `infra/Pulumi.${name}.yaml`,
    secrets: {
      forConsumer: () => ({}),
      get: (variable) => values[variable],
      require: (variable) => values[variable] ?? "",
    },
    target: { name, project: "quayside", infraDir: "/", engineEnv: {}, program: async () => ({}) },
  };
}
async function branches() {
  const api = neonApi(token, `${neon.url}/api/v2`);
  const { projects } = await api.call(
    "GET",
    "/projects",
    z.object({ projects: z.array(z.object({ id: z.string() })) }),
  );
  return (await api.call("GET", `/projects/${projects[0]?.id}/branches`, Branches)).branches;
}
const pass = (minutes: number) => {
  skipped += minutes * 60_000;
};

test("Each release of prod keeps the data as they were, for two weeks, and the oldest make room", async () => {
  const ids: (string | undefined)[] = [];
  for (const release of ["prod-v1.0.0", "prod-v1.1.0", "prod-v1.2.0", "prod-v1.3.0", "prod-v1.4.0"]) {
    pass(10);
    ids.push(await makeRestorePoint(context, opened("prod"), release));
  }
  const kept = (await branches()).filter(({ name }) => name.startsWith("restore-"));
  expect(kept.map(({ id }) => id).toSorted()).toEqual(ids.slice(1).toSorted());
  for (const { expires_at } of kept)
    expect(Date.parse(expires_at ?? "")).toBeGreaterThan(now().getTime() + 13 * 86_400_000);
});

test("The prod of a further project keeps the data of its own project at Neon", async () => {
  const id = await makeRestorePoint(context, opened("shop-prod"), "shop-prod-shop-v1.0.0");
  const points = await (await databaseOf(opened("shop-prod")))?.restorePoints();
  expect(points?.map((point) => point.id)).toEqual([id]);
});

test("Another stack, and a project without a database at Neon, make none", async () => {
  expect(await makeRestorePoint(context, opened("dev"), "dev-1")).toBeUndefined();
  expect(await databaseOf(opened("staging"))).toBeUndefined();
});

test("The database goes back to before the release that followed, when somebody has said the stack's name", async () => {
  const [good, bad] = [manifest(1), manifest(2)].map((release) => ({ ...release, stack: "prod" }));
  pass(10);
  const restorePoint = await makeRestorePoint(context, opened("prod"), "prod-v2.0.0");
  const releases: ReleaseStore = {
    record: async () => undefined,
    settle: async () => undefined,
    list: async () => [{ ...bad, restorePoint } as ReleaseManifest, good as ReleaseManifest],
  };
  const order = { stack: opened("prod"), to: good?.id, dryRun: false };
  pass(60);
  await expect(
    planDatabaseRestore(context, releases, { ...order, confirm: undefined }),
  ).rejects.toMatchObject({
    code: "restore-unconfirmed",
    exitCode: 3,
    fix: expect.stringContaining("--confirm prod") as string,
  });
  const plan = await planDatabaseRestore(context, releases, { ...order, confirm: "prod" });
  expect(plan.tells).toContain("What was written since then");
  await plan.apply();
  pass(1);
  const after = await branches();
  expect(after.find(({ name }) => name === "prod")).toMatchObject({ restored_from: restorePoint });
  expect(after.some(({ name }) => /^before-restore-2026-11-20-\d\d-\d\d-\d\d$/.test(name))).toBe(true);
  expect((await (await databaseOf(opened("prod")))?.restorePoints())?.map(({ id }) => id)).toContain(
    restorePoint,
  );
});

test("Without a restore point nothing is touched, and the rollback says so before it begins", async () => {
  const releases: ReleaseStore = {
    record: async () => undefined,
    settle: async () => undefined,
    list: async () => [manifest(2), manifest(1)],
  };
  await expect(
    planDatabaseRestore(context, releases, {
      stack: opened("prod"),
      to: manifest(1).id,
      confirm: "prod",
      dryRun: false,
    }),
  ).rejects.toMatchObject({ code: "restore-point-missing", exitCode: 3 });
});
