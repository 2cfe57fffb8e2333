import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { type Cloudflare, startCloudflare } from "../rehearsal/clouds/cloudflare/start.ts";
import { openVisitor } from "../rehearsal/clouds/cloudflare/visitor.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { manifest } from "../release/testing/manifest.ts";
import { createReporter } from "../terminal/reporter.ts";
import { type DeployedEdge, deployEdge, EdgeFailure } from "./deploy.ts";
import { findParts } from "./parts.ts";
import { outputsOf, writeFiles } from "./testing/checkout.ts";
import { restoreWorker } from "./worker.ts";
import { startWrangler, type Wrangler } from "./wrangler.ts";

// Real wrangler in one warm host, against the Cloudflare cloud. The tests tell one story, in their order.

const SECRET = "signing-key-of-this-test";
const TOKENS = { write: "write-token-of-this-test", read: "read-token-of-this-test" };
const WORKER = (word: string) =>
  `export default { fetch: (_, env) => Response.json({ word: "${word}", stack: env.STACK, secret: env.SIGNING_KEY?.length }) };`;
let world: string;
let root: string;
let cloud: Cloudflare;
let wrangler: Wrangler;
let outputs: StackOutputs;
let visit: ReturnType<typeof openVisitor>;
let first: DeployedEdge;

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "edge-"));
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
  writeFiles(root, {
    "workers/intake/wrangler.jsonc": JSON.stringify({
      name: "intake",
      main: "index.js",
      compatibility_date: "2026-01-01",
      workers_dev: false,
      vars: { STACK: "local" },
    }),
    "workers/intake/index.js": WORKER("one"),
    "sites/www/index.html": '<!doctype html><title>one</title><div data-turnstile-site-key=""></div>',
    "sites/www/.dev.vars": `KEY=${SECRET}`,
    "sites/www/test/index.html": "a test",
    "package-lock.json": "{}",
  });
  outputs = outputsOf({ accountId: cloud.accountId, zone: { id: cloud.zoneId, name: "example.com" } });
  const pages = `/accounts/${cloud.accountId}/pages/projects`;
  await api("POST", pages, { name: "quayside-www-dev", production_branch: "main" });
  await api("POST", `${pages}/quayside-www-dev/domains`, { name: "www-dev.example.com" });
  await api("POST", `/zones/${cloud.zoneId}/dns_records`, {
    name: "www-dev",
    type: "CNAME",
    content: "quayside-www-dev.pages.dev",
    proxied: true,
    ttl: 1,
  });
});
afterAll(async () => {
  await wrangler?.close();
  await cloud?.close();
  rmSync(world, { recursive: true, force: true });
});

async function api(method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${cloud.url}/client/v4${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKENS.write}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, response.status]).toEqual([path, 200]);
}

function deploy(
  previous: ReleaseManifest | undefined,
  changes: { secret?: string } = {},
): Promise<DeployedEdge> {
  const reporter = createReporter({ stream: new PassThrough().resume(), github: false });
  return deployEdge(
    {
      parts: findParts(root),
      outputs,
      previous,
      wrangler: () => wrangler,
      restoreSite: (project, id) =>
        cloudflare(TOKENS.write, `${cloud.url}/client/v4`).rollbackPages(cloud.accountId, project, id),
      secrets: () => ({ values: { SIGNING_KEY: changes.secret ?? SECRET }, hashKey: "hash-key" }),
      release: { id: "dev-1-abc", sha: "0".repeat(40), stack: "dev", message: "Deploy", at: new Date(0) },
    },
    reporter,
  );
}
const releaseOf = ({ workers, sites }: DeployedEdge) => manifest(1, { workers, sites });
const says = async (path: string) => (await visit(`https://www-dev.example.com${path}`)).text;

test("A first deployment brings up every part: bindings, secrets and routes of the stack, and the site's release", async () => {
  first = await deploy(undefined);
  expect(first.deployed.toSorted()).toEqual(["sites/www", "workers/intake"]);
  expect(JSON.parse(await says("/intake"))).toEqual({ word: "one", stack: "dev", secret: SECRET.length });
  expect(await says("/")).toContain("<title>one</title>");
  expect(JSON.parse(await says("/release.json"))).toEqual({
    release: "dev-1-abc",
    sha: "0".repeat(40),
    stack: "dev",
    deployedAt: "1970-01-01T00:00:00.000Z",
  });
});

test("A site is what its hash is over: no secrets for development, no tests", async () => {
  for (const path of ["/.dev.vars", "/test/"]) expect(await says(path)).not.toMatch(/KEY=|a test/);
});

test("What has not changed since the release is not deployed again", async () => {
  expect(await deploy(releaseOf(first))).toMatchObject({
    deployed: [],
    unchanged: ["workers/intake", "sites/www"],
    workers: first.workers,
    sites: first.sites,
  });
});

test("With Turnstile's site key a site is deployed again, with the key in it, of the same sources", async () => {
  outputs.turnstileSiteKey = "1x00000000000000000000AA";
  const { deployed, sites } = await deploy(releaseOf(first));
  delete outputs.turnstileSiteKey;
  expect(deployed).toEqual(["sites/www"]);
  expect(await says("/")).toContain('<div data-turnstile-site-key="1x00000000000000000000AA">');
  expect(sites.www?.sourceHash).toBe(first.sites.www?.sourceHash);
  expect(sites.www?.contentHash).not.toBe(first.sites.www?.contentHash);
});

test("Another secret alone is a reason to deploy a Worker; the one before can have its traffic back", async () => {
  const changed = await deploy(releaseOf(first), { secret: `${SECRET}-2` });
  expect(changed.deployed).toEqual(["workers/intake"]);
  expect(JSON.parse(await says("/intake"))).toMatchObject({ secret: SECRET.length + 2 });
  await restoreWorker(wrangler, {
    scriptName: "intake-dev",
    versionId: first.workers.intake?.versionId ?? "",
    accountId: cloud.accountId,
    message: "Rollback",
  });
  expect(JSON.parse(await says("/intake"))).toMatchObject({ secret: SECRET.length });
});

test("When one part fails the others are put back as they were, and the error says so", async () => {
  writeFiles(root, {
    "workers/intake/index.js": "export default {",
    "sites/www/index.html": "<title>two</title>",
  });
  const failure = await deploy(releaseOf(first)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EdgeFailure);
  expect(failure).toMatchObject({
    message: expect.stringMatching(/^workers\/intake: wrangler deploy --config failed[\s\S]*index\.js/),
    left: { back: ["sites/www"], stayed: [], workers: first.workers, sites: first.sites },
  });
  expect(await says("/")).toContain("<title>one</title>");
  expect(JSON.parse(await says("/intake"))).toMatchObject({ word: "one" });
});

test("What was not there before stays, and the error says that too", async () => {
  const failure = await deploy(undefined).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    left: { back: [], stayed: [{ part: "sites/www", why: "no earlier release has it" }] },
  });
  expect(await says("/")).toContain("<title>two</title>");
});

test("A command after one that failed runs in the same host as if nothing had been", async () => {
  writeFiles(root, { "workers/intake/index.js": WORKER("three") });
  expect((await deploy(releaseOf(first))).deployed).toContain("workers/intake");
  expect(JSON.parse(await says("/intake"))).toMatchObject({ word: "three" });
});

test("Workers that bind each other come up in their order, on the first day too", async () => {
  const names = ["alpha", "beta", "gamma"];
  const bound = (service: string | undefined) => (service ? [{ binding: "NEXT", service }] : []);
  for (const [index, name] of names.entries()) {
    writeFiles(root, {
      [`workers/${name}/wrangler.jsonc`]: JSON.stringify({
        name,
        main: "index.js",
        compatibility_date: "2026-01-01",
        services: bound(names[index + 1]),
      }),
      [`workers/${name}/index.js`]: `export default { fetch: async (request, env) =>
        new Response("${name} " + (env.NEXT ? await (await env.NEXT.fetch(request)).text() : "")) };`,
    });
    outputs.workers[name] = {
      scriptName: `${name}-dev`,
      routes: [`www-dev.example.com/${name}*`],
      bindings: {},
    };
  }
  const together = await deploy(releaseOf(first));
  expect(together.deployed).toEqual(expect.arrayContaining(names.map((name) => `workers/${name}`)));
  expect(await says("/alpha")).toBe("alpha beta gamma ");

  writeFiles(root, {
    "workers/gamma/index.js": "export default {",
    "workers/alpha/index.js": `export default { fetch: () => new Response("never") };`,
    "workers/beta/index.js": `export default { fetch: () => new Response("never") };`,
  });
  await expect(deploy(releaseOf(together))).rejects.toMatchObject({
    message: expect.stringMatching(
      /workers\/beta: not deployed, as it needs workers\/gamma\.\nworkers\/alpha: not deployed, as it needs workers\/beta\./,
    ),
  });
  expect(await says("/alpha")).toBe("alpha beta gamma ");
  for (const name of names) {
    rmSync(join(root, "workers", name), { recursive: true });
    delete outputs.workers[name];
  }
});

test("A missing binding stops all of it before the first deployment", async () => {
  const before = await says("/");
  const config = JSON.parse(readFileSync(join(root, "workers/intake/wrangler.jsonc"), "utf8"));
  writeFiles(root, {
    "workers/intake/wrangler.jsonc": JSON.stringify({ ...config, kv_namespaces: [{ binding: "NEW" }] }),
    "sites/www/index.html": "<title>never</title>",
  });
  await expect(deploy(releaseOf(first))).rejects.toMatchObject({ code: "binding-missing" });
  expect(await says("/")).toBe(before);
});

test("Commands that run at once in one host are told apart: each has its own result and its own words", async () => {
  const folder = join(world, "many");
  const config = (name: string, main: string) => {
    writeFiles(folder, {
      [`${name}.json`]: JSON.stringify({ name, main, compatibility_date: "2026-01-01", workers_dev: false }),
      [main]: main.startsWith("broken") ? `export default { ${main.length} = ` : WORKER(name),
    });
    return join(folder, `${name}.json`);
  };
  const names = ["many-1", "many-2", "broken-1", "many-3", "broken-2", "many-4"];
  const outcomes = await Promise.allSettled(
    names.map((name) => wrangler.run(["deploy", "--config", config(name, `${name}.js`)], cloud.accountId)),
  );
  for (const [index, outcome] of outcomes.entries()) {
    const name = names[index] ?? "";
    if (outcome.status === "fulfilled") {
      expect(outcome.value).toContainEqual(expect.objectContaining({ type: "deploy", worker_name: name }));
    } else {
      expect(outcome.reason.message).toContain(`${name}.js`);
      for (const other of names.filter((each) => each !== name))
        expect(outcome.reason.message).not.toContain(other);
    }
  }
  expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
    names.map((name) => name.startsWith("many")),
  );
});

test("A host that dies fails its command, says how, and is replaced for the next one", async () => {
  const { stdout } = await execa("ps", ["-A", "-o", "pid=,ppid=,args="]);
  const host = stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, parent, ...args]) => parent === String(process.pid) && args.join(" ").includes("wrangler-host"),
    );
  const command = wrangler.run(["whoami"], cloud.accountId).catch((error: unknown) => error);
  process.kill(Number(host?.[0]), "SIGKILL");
  expect(await command).toMatchObject({
    code: "wrangler-failed",
    message: expect.stringContaining("its process ended with SIGKILL"),
  });
  expect(await wrangler.run(["whoami"], cloud.accountId)).toBeInstanceOf(Array);
});

test("No secret is left in a file", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  expect(files).toContain("workers/intake/.wrangler/deploy/intake-dev.json");
  for (const file of files.filter((name) => /\.(json|js)$/.test(name)))
    expect(readFileSync(join(root, file), "utf8")).not.toContain(SECRET);
});
