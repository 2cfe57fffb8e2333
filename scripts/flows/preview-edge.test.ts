import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EdgeChange } from "../change/model.ts";
import type { Context } from "../context.ts";
import { writeFiles } from "../edge/testing/checkout.ts";
import { type Cloudflare, startCloudflare } from "../rehearsal/clouds/cloudflare/start.ts";
import { openVisitor } from "../rehearsal/clouds/cloudflare/visitor.ts";
import { openPreviewAccount } from "../secrets/preview-account.ts";
import { createReporter } from "../terminal/reporter.ts";
import { previewEdge } from "./preview-edge.ts";
import { removePreviews } from "./remove-previews.ts";

// Real wrangler against the Cloudflare cloud with its second account. The tests tell one story, in their order.

const TOKENS = { write: "write-token-of-this-test", read: "read-token-of-this-test" };
const PREVIEW_TOKEN = "preview-token-of-this-test";
let world: string;
let cloud: Cloudflare;
let context: Context;
let visit: ReturnType<typeof openVisitor>;

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "previews-"));
  cloud = await startCloudflare({
    world: join(world, "cloud"),
    tokens: TOKENS,
    secondToken: PREVIEW_TOKEN,
    resolveOrigin: async () => undefined,
  });
  visit = openVisitor(cloud.edge);
  context = {
    root: join(world, "checkout"),
    env: {
      PREVIEW_CLOUDFLARE_API_TOKEN: PREVIEW_TOKEN,
      PREVIEW_CLOUDFLARE_ACCOUNT_ID: cloud.secondAccountId,
      CLOUDFLARE_BASE_URL: `${cloud.url}/client/v4`,
      CLOUDFLARE_API_BASE_URL: `${cloud.url}/client/v4`,
    },
    reporter: createReporter({ stream: new PassThrough().resume(), github: false }),
    json: false,
    now: () => new Date(0),
    signal: new AbortController().signal,
  };
  const worker = (name: string, more: object) =>
    JSON.stringify({ name, main: "index.js", compatibility_date: "2026-01-01", ...more });
  writeFiles(context.root, {
    "package-lock.json": "{}",
    // With all that keeps Cloudflare from uploading a version: new, with a migration, bound to a Worker that is not there.
    "workers/counter/wrangler.jsonc": worker("counter", {
      durable_objects: { bindings: [{ name: "COUNT", class_name: "Count" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Count"] }],
      kv_namespaces: [{ binding: "COUNTER_SETTINGS", id: "local" }],
      services: [{ binding: "NAMES", service: "names" }],
      triggers: { crons: ["*/5 * * * *"] },
    }),
    "workers/counter/index.js": `
      import { DurableObject } from "cloudflare:workers";
      export class Count extends DurableObject {
        async next() { const count = (await this.ctx.storage.get("count") ?? 0) + 1; await this.ctx.storage.put("count", count); return count; }
      }
      export default { fetch: async (request, env) => Response.json({
        count: await env.COUNT.getByName("one").next(), stack: env.STACK, setting: await env.COUNTER_SETTINGS.get("x"),
        name: await (await env.NAMES.fetch(request)).text() }) };`,
    "workers/names/wrangler.jsonc": worker("names", {}),
    "workers/names/index.js": 'export default { fetch: () => new Response("Ada") };',
    "sites/www/index.html": "<title>first</title>",
  });
});
afterAll(async () => {
  await cloud?.close();
  if (world) rmSync(world, { recursive: true, force: true });
});

const account = async () => {
  const found = await openPreviewAccount("quayside", { dev: cloud.accountId }, context.env);
  if (!found) throw new Error("no account for previews");
  return found;
};
const home = () => ({
  project: "quayside",
  dir: context.root,
  infraDir: join(context.root, "infra"),
  prefix: "",
  stacks: ["dev"],
});
const preview = async (headSha: string, ...changed: [EdgeChange["kind"], string][]) =>
  previewEdge(context, await account(), { number: 7, headSha }, [
    { home: home(), changes: changed.map(([kind, name]) => ({ kind, name, action: "update" })) },
  ]);
const scripts = async (token: string, accountId: string | undefined) => {
  const response = await fetch(`${cloud.url}/client/v4/accounts/${accountId}/workers/scripts`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { result } = (await response.json()) as { result: { id: string }[] };
  return result.map(({ id }) => id).sort();
};
const COUNTER = "https://counter-pr-7.quayside-previews.workers.dev/counter/healthz";
const WWW = "https://pr-7.quayside-www-previews.pages.dev";

test("Each changed part gets an address of its own, with what it binds, and nothing of it is in the stacks' account", async () => {
  const { urls, problems } = await preview("a".repeat(40), ["worker", "counter"], ["site", "www"]);
  expect(problems).toEqual([]);
  expect(urls).toEqual(
    expect.arrayContaining([
      { home: home(), kind: "worker", name: "counter", url: COUNTER },
      { home: home(), kind: "site", name: "www", url: WWW },
    ]),
  );
  expect(JSON.parse((await visit(COUNTER)).text)).toEqual({
    count: 1,
    stack: "pr-7",
    setting: null,
    name: "Ada",
  });
  expect((await visit(`${WWW}/`)).text).toContain("first");
  expect(JSON.parse((await visit(`${WWW}/release.json`)).text)).toMatchObject({ stack: "pr-7" });
  expect(await scripts(PREVIEW_TOKEN, cloud.secondAccountId)).toEqual(["counter-pr-7", "names-pr-7"]);
  expect(await scripts(TOKENS.write, cloud.accountId)).toEqual([]);
});

test("Two projects may each have a Worker of the same name", async () => {
  const shop = { ...home(), project: "shop", dir: join(context.root, "projects", "shop"), prefix: "shop-" };
  writeFiles(shop.dir, {
    "workers/names/wrangler.jsonc": JSON.stringify({
      name: "names",
      main: "index.js",
      compatibility_date: "2026-01-01",
    }),
    "workers/names/index.js": 'export default { fetch: () => new Response("Grace") };',
  });
  const changes: EdgeChange[] = [{ kind: "worker", name: "names", action: "update" }];
  const { urls, problems } = await previewEdge(
    context,
    await account(),
    { number: 8, headSha: "c".repeat(40) },
    [
      { home: home(), changes },
      { home: shop, changes },
    ],
  );
  expect(problems).toEqual([]);
  const said = await Promise.all(urls.map(async ({ url }) => (await visit(url)).text));
  expect(said.sort()).toEqual(["Ada", "Grace"]);
  expect(await removePreviews(context, await account(), 8)).toEqual([
    "Worker names-pr-8",
    "Worker names-shop-pr-8",
  ]);
});

test("A later push keeps the addresses; a part that can't be uploaded is named, and the others are there", async () => {
  writeFiles(context.root, {
    "sites/www/index.html": "<title>second</title>",
    "workers/names/index.js": "export default {",
  });
  const { urls, problems } = await preview("b".repeat(40), ["worker", "names"], ["site", "www"]);
  expect(urls).toEqual([{ home: home(), kind: "site", name: "www", url: WWW }]);
  expect(problems).toEqual([expect.stringContaining("workers/names: wrangler")]);
  expect((await visit(`${WWW}/`)).text).toContain("second");
  // What this push does not change any more.
  expect(await scripts(PREVIEW_TOKEN, cloud.secondAccountId)).toEqual(["names-pr-7"]);
});

test("When the pull request closes nothing of it is left, and a second time there is nothing to do", async () => {
  const removed = await removePreviews(context, await account(), 7);
  expect(removed).toEqual([
    "Worker names-pr-7",
    expect.stringMatching(/^deployment .{8} of quayside-www-previews$/),
    expect.stringMatching(/^deployment .{8} of quayside-www-previews$/),
    "kv_namespace counter-settings-pr-7",
  ]);
  for (const url of [COUNTER, `${WWW}/`]) expect((await visit(url)).status).toBeGreaterThanOrEqual(400);
  expect(await removePreviews(context, await account(), 7)).toEqual([]);
});

test("The account of a stack is refused; half an account is an error; none is none", async () => {
  const open = (env: NodeJS.ProcessEnv) => openPreviewAccount("quayside", { dev: cloud.accountId }, env);
  await expect(
    open({ ...context.env, PREVIEW_CLOUDFLARE_ACCOUNT_ID: cloud.accountId }),
  ).rejects.toMatchObject({ code: "preview-account-shared", exitCode: 2 });
  await expect(open({ PREVIEW_CLOUDFLARE_API_TOKEN: PREVIEW_TOKEN })).rejects.toMatchObject({
    code: "secret-missing",
    message: "The account for previews lacks PREVIEW_CLOUDFLARE_ACCOUNT_ID.",
  });
  expect(await open({})).toBeUndefined();
});

test("The token for previews opens nothing in the stacks' account", async () => {
  const response = await fetch(`${cloud.url}/client/v4/accounts/${cloud.accountId}/workers/scripts`, {
    headers: { authorization: `Bearer ${PREVIEW_TOKEN}` },
  });
  expect(response.status).toBe(404);
});
