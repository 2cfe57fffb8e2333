import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "./start.ts";
import { openVisitor } from "./visitor.ts";

/** One Worker and one site through the real wrangler; every wrangler process costs about two seconds. */
const folder = mkdtempSync(join(tmpdir(), "wrangler-"));
const worker = join(folder, "worker");
const site = join(folder, "site");
const output = join(folder, "output.ndjson");
let cloud: Cloudflare;
let visit: ReturnType<typeof openVisitor>;
let namespace: string;

beforeAll(async () => {
  cloud = await startCloudflare({
    world: join(folder, "world"),
    tokens: { write: "write", read: "read" },
    resolveOrigin: async () => undefined,
  });
  visit = openVisitor(cloud.edge);
  const made = await api("POST", `/accounts/${cloud.accountId}/storage/kv/namespaces`, { title: "kv" });
  namespace = z.object({ result: z.object({ id: z.string() }) }).parse(made).result.id;
  await api("POST", `/accounts/${cloud.accountId}/queues`, { queue_name: "forward" });
  await api("POST", `/accounts/${cloud.accountId}/pages/projects`, {
    name: "site",
    production_branch: "main",
  });
  await api("POST", `/zones/${cloud.zoneId}/dns_records`, {
    name: "app",
    type: "A",
    content: "192.0.2.1",
    proxied: true,
    ttl: 1,
  });
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${cloud.url}/client/v4${path}`, {
    method,
    headers: { authorization: "Bearer write", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

const cli = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "wrangler-dist/cli.js",
);

async function wrangler(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--no-warnings", cli, ...args], {
    cwd: worker,
    env: {
      PATH: process.env.PATH,
      HOME: join(folder, "home"),
      CI: "1",
      CLOUDFLARE_API_BASE_URL: `${cloud.url}/client/v4`,
      CLOUDFLARE_API_TOKEN: "write",
      CLOUDFLARE_ACCOUNT_ID: cloud.accountId,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(folder, "logs"),
      WRANGLER_OUTPUT_FILE_PATH: output,
    },
  });
  return stdout + stderr;
}

const Output = z.looseObject({
  type: z.string(),
  version_id: z.string().optional(),
  url: z.string().optional(),
});
/** The newest line of a type in the file that wrangler writes for machines. */
function written(type: string): z.infer<typeof Output> {
  const lines = readFileSync(output, "utf8").trim().split("\n");
  const found = lines.map((line) => Output.parse(JSON.parse(line))).findLast((line) => line.type === type);
  if (!found) throw new Error(`wrangler wrote no ${type}`);
  return found;
}

function writeWorker(word: string): void {
  mkdirSync(worker, { recursive: true });
  writeFileSync(
    join(worker, "wrangler.jsonc"),
    JSON.stringify({
      name: "intake",
      main: "index.js",
      compatibility_date: "2026-01-01",
      workers_dev: false,
      vars: { WORD: word },
      kv_namespaces: [{ binding: "KV", id: namespace }],
      durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
      queues: {
        producers: [{ binding: "FORWARD", queue: "forward" }],
        consumers: [{ queue: "forward", max_batch_timeout: 1 }],
      },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
      routes: [
        { pattern: "app.example.com/intake*", zone_name: "example.com" },
        { pattern: "api.example.com", custom_domain: true },
      ],
    }),
  );
  writeFileSync(
    join(worker, "index.js"),
    `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async add() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
}
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/intake/throw") throw new Error("on purpose");
    if (request.method === "POST") await env.FORWARD.send({ text: await request.text() });
    const n = await env.COUNTER.get(env.COUNTER.idFromName("one")).add();
    return Response.json({ word: env.WORD, n, kv: await env.KV.get("sent"), ip: request.headers.get("cf-connecting-ip") });
  },
  async queue(batch, env) {
    await env.KV.put("sent", batch.messages.map((message) => message.body.text).join());
  },
};
`,
  );
}

const answer = async (url: string, headers: Record<string, string> = {}) =>
  z
    .object({ word: z.string(), n: z.number(), kv: z.string().nullable(), ip: z.string() })
    .parse(JSON.parse((await visit(url, { headers })).text));

test("a Worker is deployed, split and rolled back, and its data stays", {
  timeout: 60_000,
}, async () => {
  writeWorker("one");
  await wrangler("deploy");
  const one = written("deploy").version_id;
  expect(await answer("https://app.example.com/intake/x")).toEqual({
    word: "one",
    n: 1,
    kv: null,
    ip: "203.0.113.7",
  });
  expect((await answer("https://api.example.com/")).n).toBe(2);
  expect((await visit("https://app.example.com/intake/throw")).text).toContain("Error code 1101");

  await visit("https://api.example.com/", { method: "POST", body: "hello" });
  await expect.poll(async () => (await answer("https://api.example.com/")).kv).toBe("hello");

  writeWorker("two");
  await wrangler("versions", "upload", "--message", "the second");
  const two = written("version-upload").version_id;
  expect((await answer("https://api.example.com/")).word).toBe("one");

  await wrangler("versions", "deploy", `${one}@50%`, `${two}@50%`, "-y");
  const words = new Map<string, number>();
  for (let visitor = 0; visitor < 20; visitor++) {
    const headers = { "cloudflare-workers-version-key": `visitor-${visitor}` };
    const { word } = await answer("https://api.example.com/", headers);
    expect((await answer("https://api.example.com/", headers)).word).toBe(word);
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  expect([...words.keys()].sort()).toEqual(["one", "two"]);

  await wrangler("rollback", String(one), "-y", "-m", "back");
  const { n } = await answer("https://api.example.com/");
  expect(await answer("https://api.example.com/")).toMatchObject({ word: "one", n: n + 1, kv: "hello" });
});

test("a site is deployed to production and to a branch's own address", { timeout: 60_000 }, async () => {
  mkdirSync(site, { recursive: true });
  mkdirSync(worker, { recursive: true });
  writeFileSync(join(site, "index.html"), "<h1>home</h1>");
  writeFileSync(join(site, "_headers"), "/*\n  X-Frame-Options: DENY\n");
  await wrangler("pages", "deploy", site, "--project-name", "site", "--branch", "main");
  const home = await visit("https://site.pages.dev/");
  expect([home.text, home.headers.get("x-frame-options")]).toEqual(["<h1>home</h1>", "DENY"]);
  expect((await visit(written("pages-deploy").url ?? "")).status).toBe(200);
});

test("a bucket gets a rule for the age of its objects beside the one that it was born with", async () => {
  const buckets = `/accounts/${cloud.accountId}/r2/buckets`;
  await api("POST", buckets, { name: "intake-uploads-prod" });
  await wrangler(
    ...["r2", "bucket", "lifecycle", "add", "intake-uploads-prod", "old-files", "--expire-days", "90"],
  );
  expect(await api("GET", `${buckets}/intake-uploads-prod/lifecycle`)).toMatchObject({
    result: {
      rules: [
        { id: "Default Multipart Abort Rule" },
        {
          id: "old-files",
          enabled: true,
          deleteObjectsTransition: { condition: { type: "Age", maxAge: 90 * 86_400 } },
        },
      ],
    },
  });
});
