import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { UserError } from "../errors.ts";
import { applyStack } from "./apply.ts";
import { engineVersion } from "./engine.ts";
import { previewStack } from "./preview.ts";
import type { StackTarget } from "./target.ts";
import { OUTPUTS } from "./testing/outputs.ts";

// The real engine with programs that need no provider. The tests tell one story, in their order.

const SECRET = "a-secret-input-of-this-test";
const DIGEST_KEY = "digest-key-of-this-test";
let world: string;

beforeAll(() => {
  world = mkdtempSync(join(tmpdir(), "engine-"));
  for (const folder of ["infra", "state"]) mkdirSync(join(world, folder));
  writeFileSync(join(world, "infra", "Pulumi.yaml"), "name: quayside\nruntime: nodejs\n");
  writeFileSync(join(world, "infra", "Pulumi.dev.yaml"), "config: {}\n");
});
afterAll(() => rmSync(world, { recursive: true, force: true }));

/** A stack of plain groupings, by name; what is behind their inputs is secret. */
function target(
  groups: string[],
  changes: Partial<StackTarget> & { env?: Record<string, string> } = {},
): StackTarget {
  const { env, ...rest } = changes;
  return {
    name: "dev",
    project: "quayside",
    infraDir: join(world, "infra"),
    engineEnv: {
      PULUMI_BACKEND_URL: `file://${join(world, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase-of-this-test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...env,
    },
    program: async () => {
      for (const name of groups)
        new pulumi.ComponentResource("quayside:test:Group", name, { key: pulumi.secret(SECRET) });
      return { ...OUTPUTS };
    },
    ...rest,
  };
}
const preview = (wanted: StackTarget, planFile?: string) =>
  previewStack(wanted, { digestKey: DIGEST_KEY, planFile });
const locks = () => {
  const folder = join(world, "state", ".pulumi", "locks", "organization", "quayside", "dev");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
};

test("A preview changes nothing, an apply does it and gives the outputs, and then there is nothing left to do", async () => {
  const seen: number[] = [];
  const { change } = await previewStack(target(["a", "b"]), {
    digestKey: DIGEST_KEY,
    onProgress: (resources) => seen.push(resources),
  });
  expect(change.steps.map(({ operation, name }) => `${operation} ${name}`)).toEqual(
    expect.arrayContaining(["create a", "create b"]),
  );
  expect(seen.at(-1)).toBeGreaterThanOrEqual(2);

  const done: string[] = [];
  const applied = await applyStack(target(["a", "b"]), { onProgress: (_, name) => done.push(name) });
  expect(applied.outputs).toEqual(OUTPUTS);
  expect(applied.counts).toEqual({ create: 3 });
  expect(done).toEqual(expect.arrayContaining(["a", "b"]));

  const after = await preview(target(["a", "b"]));
  expect(after.change).toMatchObject({ steps: [], outputs: [] });
  expect(JSON.stringify([change, after])).not.toContain(SECRET);
});

test("The checkout's settings stay as they were committed", () => {
  expect(readFileSync(join(world, "infra", "Pulumi.dev.yaml"), "utf8")).toBe("config: {}\n");
});

test("A state in a folder has no files that an engine could leave half-written when it is killed", () => {
  const files = readdirSync(join(world, "state"), { recursive: true, encoding: "utf8" });
  expect(files).toContainEqual(expect.stringMatching(/stacks\/quayside\/dev\.json$/));
  expect(files.filter((file) => file.endsWith(".attrs"))).toEqual([]);
});

test("A step that is not in the plan is refused", async () => {
  const planFile = join(world, "plan.json");
  await preview(target(["a", "b"]), planFile);
  await expect(applyStack(target(["a", "b", "stowaway"]), { planFile })).rejects.toMatchObject({
    code: "plan-violated",
    message: expect.stringContaining("stowaway: create is not allowed by the plan"),
  });
  expect(locks()).toEqual([]);
});

test("A wrong passphrase, a backend that is not there and a stack without a file are errors that a person can mend", async () => {
  const refused = [
    target(["a"], { env: { PULUMI_CONFIG_PASSPHRASE: "another-passphrase" } }),
    target(["a"], { env: { PULUMI_BACKEND_URL: `file://${join(world, "nowhere")}` } }),
    target(["a"], { name: "gone" }),
  ].map((wanted) => preview(wanted).catch((error: unknown) => error));
  expect(await Promise.all(refused)).toMatchObject([
    { code: "passphrase-wrong", exitCode: 2, fix: expect.stringContaining("ESC") },
    {
      code: "engine-failed",
      message: expect.stringMatching(/could not (open|preview) stack dev[\s\S]*nowhere/),
      fix: expect.stringContaining("PULUMI_BACKEND_URL"),
    },
    { code: "stack-unknown", exitCode: 2 },
  ]);
});

test("A program that throws fails with its own words, without a secret", async () => {
  const broken = target([], {
    program: async () => {
      throw new Error(`config:domain is missing`);
    },
  });
  await expect(preview(broken)).rejects.toMatchObject({
    code: "engine-failed",
    message: expect.stringContaining("config:domain is missing"),
  });
});

test("A lock tells who holds it, and what the error says about it helps", async () => {
  const folder = join(world, "state", ".pulumi", "locks", "organization", "quayside", "dev");
  mkdirSync(folder, { recursive: true });
  const lock = { pid: 4242, username: "runner", hostname: "fv-az1", timestamp: "2026-11-20T12:00:00Z" };
  writeFileSync(join(folder, "left-behind.json"), JSON.stringify(lock));
  const refused = await applyStack(target(["a", "b"])).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: "state-locked",
    message:
      "Stack dev is locked by another update, created by runner@fv-az1 (pid 4242) at 2026-11-20T12:00:00Z.",
  });

  const [, ...command] =
    /`npx (pulumi .*?)`/.exec(refused instanceof UserError ? refused.fix : "")?.[1]?.split(" ") ?? [];
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  await execa(join(home, "versions", engineVersion, "bin", "pulumi"), command, {
    cwd: join(world, "infra"),
    env: target([]).engineEnv,
  });
  expect(locks()).toEqual([]);
});

test("An interruption ends the engine in order: its own reason, the lock given back, what was done in the state", async () => {
  const interruption = new AbortController();
  const reason = new UserError("interrupted", "Interrupted by SIGINT.", "Run it again.");
  const endless = target([], {
    program: async () => {
      new pulumi.ComponentResource("quayside:test:Group", "c");
      return new Promise(() => undefined);
    },
  });
  let done = false;
  const applied = applyStack(endless, {
    signal: interruption.signal,
    onProgress: () => {
      done = true;
    },
  });
  const ended = applied.catch((error: unknown) => error);
  await vi.waitFor(() => expect([done, locks().length]).toEqual([true, 1]), { timeout: 20_000 });
  interruption.abort(reason);
  expect(await ended).toBe(reason);
  expect(locks()).toEqual([]);
  expect(readFileSync(join(world, "state", ".pulumi", "stacks", "quayside", "dev.json"), "utf8")).toContain(
    "::quayside:test:Group::c",
  );
});

test("A machine without the engine is told how to get it", async () => {
  vi.stubEnv("PULUMI_HOME", join(world, "no-engine"));
  await expect(preview(target(["a"]))).rejects.toMatchObject({ code: "engine-missing", exitCode: 2 });
  vi.unstubAllEnvs();
});
