import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { workerInvocations } from "../providers/worker-invocations.ts";
import { type Cloudflare, startCloudflare } from "../rehearsal/clouds/cloudflare/start.ts";
import { openVisitor } from "../rehearsal/clouds/cloudflare/visitor.ts";
import { failsTooOften } from "../release/error-rate.ts";
import { manifest } from "../release/testing/manifest.ts";
import { createReporter } from "../terminal/reporter.ts";
import { type DeployedEdge, deployEdge } from "./deploy.ts";
import { findParts } from "./parts.ts";
import type { RolloutTools, Share } from "./rollout.ts";
import { outputsOf, writeFiles } from "./testing/checkout.ts";
import { startWrangler, type Wrangler } from "./wrangler.ts";

// Real wrangler against the Cloudflare cloud, the versions running in workerd. The tests tell one story, in their order.

const TOKENS = { write: "write-token-of-this-test", read: "read-token-of-this-test" };
const HOST = "www-dev.example.com";
/** A Worker that says its version, is healthy or not, and throws for every visitor or for none. */
const WORKER = (word: string, health = 200, throws = false) => `export default { fetch(request, env) {
  if (new URL(request.url).pathname.endsWith("/healthz"))
    return Response.json({ version: env.VERSION.id }, { status: ${health} });
  if (${throws}) throw new Error("${word}");
  return new Response("${word}");
} };`;
let world: string;
let root: string;
let cloud: Cloudflare;
let wrangler: Wrangler;
let outputs: StackOutputs;
let visit: ReturnType<typeof openVisitor>;
let live: DeployedEdge;
/** What the traffic was split to, in its order. */
let splits: string[];
let deployments = 0;
/** Done in the middle of each share. */
let meanwhile: (share: number) => Promise<void>;

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "rollout-"));
  root = join(world, "checkout");
  cloud = await startCloudflare({
    world: join(world, "cloud"),
    tokens: TOKENS,
    resolveOrigin: async () => undefined,
  });
  wrangler = startWrangler(
    { CLOUDFLARE_API_TOKEN: TOKENS.write, CLOUDFLARE_API_BASE_URL: `${cloud.url}/client/v4` },
    1,
  );
  visit = openVisitor(cloud.edge);
  outputs = outputsOf({
    accountId: cloud.accountId,
    zone: { id: cloud.zoneId, name: "example.com" },
    sites: {},
  });
  const made = await fetch(`${cloud.url}/client/v4/zones/${cloud.zoneId}/dns_records`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKENS.write}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "www-dev", type: "A", content: "192.0.2.1", proxied: true, ttl: 1 }),
  });
  expect(made.status).toBe(200);
  worker(WORKER("one"));
  live = await deploy(undefined);
});
afterAll(async () => {
  await wrangler?.close();
  await cloud?.close();
  rmSync(world, { recursive: true, force: true });
});

function worker(source: string, config: object = {}): void {
  writeFiles(root, {
    "workers/intake/wrangler.jsonc": JSON.stringify({
      name: "intake",
      main: "index.js",
      compatibility_date: "2026-01-01",
      workers_dev: false,
      version_metadata: { binding: "VERSION" },
      ...config,
    }),
    "workers/intake/index.js": source,
    "package-lock.json": "{}",
  });
}

async function deploy(previous: DeployedEdge | undefined, signal?: AbortSignal): Promise<DeployedEdge> {
  const api = cloudflare(TOKENS.write, `${cloud.url}/client/v4`);
  const calls = (script: string, from: Date, to: Date) =>
    workerInvocations(
      { token: TOKENS.read, baseUrl: `${cloud.url}/client/v4` },
      { accountId: cloud.accountId, script, from, to },
    );
  splits = [];
  const tools: RolloutTools = {
    now: () => new Date(),
    signal,
    split(script, shares) {
      splits.push(shares.map(({ percentage }: Share) => percentage).join("/"));
      return api.deployVersions(cloud.accountId, script, shares, "Rollout");
    },
    async probe(_, script, id) {
      const answer = await visit(`https://${HOST}/intake/healthz`, {
        headers: { "cloudflare-workers-version-overrides": `${script}="${id}"` },
      });
      if (answer.status !== 200) return `answers ${answer.status}`;
      const { version } = JSON.parse(answer.text) as { version: string };
      return version === id ? undefined : `runs version ${version}`;
    },
    async complaint(script, since, share) {
      await meanwhile(share);
      const during = await calls(script, since, new Date(Date.now() + 1));
      if ("unknown" in during) throw new Error(during.unknown);
      return failsTooOften({ requests: 1000, errors: 0 }, during, share, 1);
    },
  };
  return deployEdge(
    {
      parts: findParts(root),
      outputs,
      previous: previous && manifest(1, { workers: previous.workers, sites: {} }),
      wrangler: () => wrangler,
      restoreSite: (project, id) => api.rollbackPages(cloud.accountId, project, id),
      // Another one each time: Cloudflare would refuse to go back across it, unless it is told to.
      secrets: () => ({ values: { KEY: `secret-${++deployments}` }, hashKey: "hash-key" }),
      release: { id: "dev-1-abc", sha: "0".repeat(40), stack: "dev", message: "Deploy", at: new Date(0) },
      rollout: {
        settings: { steps: [20, 60], watchSeconds: 0.2, maxErrorPercent: 1 },
        tools,
        migrationOf: async (script, id) =>
          (await api.workerVersion(cloud.accountId, script, id))?.resources.script_runtime?.migration_tag ??
          undefined,
      },
    },
    createReporter({ stream: new PassThrough().resume(), github: false }),
  );
}

/** What a number of visitors see. */
async function visitors(count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => visit(`https://${HOST}/intake`)));
  return answers.map(({ text, status }) => (status === 200 ? text : String(status)));
}

test("A Worker's first version gets all of the traffic at once", async () => {
  expect(splits).toEqual([]);
  expect(await visitors(3)).toEqual(["one", "one", "one"]);
});

test("A version that answers right gets the traffic step by step, the first of it when it was asked already", async () => {
  const seen: Record<number, Set<string>> = {};
  meanwhile = async (share) => {
    seen[share] = new Set(await visitors(60));
  };
  worker(WORKER("two"));
  live = await deploy(live);
  expect(splits).toEqual(["0/100", "20/80", "60/40"]);
  for (const share of [20, 60]) expect(seen[share], String(share)).toEqual(new Set(["one", "two"]));
  expect(new Set(await visitors(20))).toEqual(new Set(["two"]));
});

test("A version that is not healthy never meets a visitor", async () => {
  worker(WORKER("sick", 503));
  await expect(deploy(live)).rejects.toThrow(
    /^workers\/intake: Worker intake's version \S+ got 0 % of the traffic and was taken out again: it answers 503\. Version \S+ has all of it back\.$/,
  );
  expect(splits).toEqual(["0/100", "100"]);
  expect(new Set(await visitors(20))).toEqual(new Set(["two"]));
});

test("A version that looks healthy and fails its visitors is taken out again at its first share", async () => {
  meanwhile = async () => {
    // Until enough of them have met the new version, as a fifth of them do.
    for (let failed = 0; failed < 5; ) failed += (await visitors(20)).filter((each) => each === "500").length;
  };
  worker(WORKER("broken", 200, true));
  await expect(deploy(live)).rejects.toThrow(
    /got 20 % of the traffic and was taken out again: about \d+ % of its calls fail/,
  );
  expect(splits).toEqual(["0/100", "20/80", "100"]);
  expect(new Set(await visitors(20))).toEqual(new Set(["two"]));
});

test("An interruption gives the old version everything back", async () => {
  const controller = new AbortController();
  meanwhile = async () => controller.abort(new Error("SIGINT"));
  worker(WORKER("four"));
  await expect(deploy(live, controller.signal)).rejects.toThrow("SIGINT");
  expect(splits.at(-1)).toBe("100");
  expect(new Set(await visitors(20))).toEqual(new Set(["two"]));
});

test("A Durable Object migration goes all at once, since Cloudflare applies it for all versions together", async () => {
  const source = `import { DurableObject } from "cloudflare:workers";\nexport class Box extends DurableObject {}\n${WORKER("five")}`;
  worker(source, { migrations: [{ tag: "v1", new_sqlite_classes: ["Box"] }] });
  live = await deploy(live);
  expect(splits).toEqual([]);
  expect(await visitors(2)).toEqual(["five", "five"]);
});
