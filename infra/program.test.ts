import { spawn } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { LocalWorkspace } from "@pulumi/pulumi/automation/localWorkspace.js";
import type { Stack } from "@pulumi/pulumi/automation/stack.js";
import { version } from "@pulumi/pulumi/version.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "../scripts/rehearsal/clouds/cloudflare/start.ts";
import { type RunningHetzner, startHetzner } from "../scripts/rehearsal/clouds/hetzner/start.ts";
import { asTemplate } from "../scripts/rehearsal/stage/as-template.ts";
import { searchFor } from "../scripts/rehearsal/stage/search-for.ts";
import { type StandIns, startStandIns } from "../scripts/rehearsal/stand-ins/start.ts";
import { program } from "./program.ts";
import { startProgramHost } from "./program-host.ts";
import { StackOutputs } from "./src/outputs.ts";

// The two stacks, by the real engine and the stand-ins, against the clouds. The tests tell one story, in their order.

const repository = fileURLToPath(new URL("..", import.meta.url));
const engineHome = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions", version);
const ACCOUNT = "0123456789abcdef0123456789abcdef";
const tokens = { write: "write-token-of-the-rehearsed-clouds", read: "read-token-of-the-rehearsed-clouds" };

let world: string;
let hetzner: RunningHetzner;
let cloudflare: Cloudflare;
let standIns: StandIns;
/** Stands behind every address of the servers. */
const app: Server = createServer((asked, response) => {
  response.setHeader("cache-control", "public, max-age=3600");
  if (asked.url?.includes("cookie")) response.setHeader("set-cookie", "session=1");
  response.end("from the app");
});
let engineEnv: Record<string, string>;
let dev: Stack;
let prod: Stack;
let trial: Stack;
/** What the template's stacks are set to. */
let settings: Record<"dev" | "prod", Configuration>;
/** The steps of the first preview of dev. */
let birth: string[];
/** The outputs of the stacks, once they are up. */
let up: { dev: StackOutputs; prod: StackOutputs };

beforeAll(async () => {
  // A copy, because the engine writes the salt of its passphrase into the stack's file; within the repository, where the
  // program finds its dependencies.
  mkdirSync(join(repository, ".rehearsal"), { recursive: true });
  world = mkdtempSync(join(repository, ".rehearsal", "infra-test-"));
  for (const room of ["infra", "workers", "sites"]) {
    cpSync(join(repository, room), join(world, room), {
      recursive: true,
      filter: (path) => !/node_modules|\.wrangler/.test(path.slice(repository.length)),
    });
  }
  asTemplate(world);
  settings = { dev: readSettings("dev"), prod: readSettings("prod") };
  for (const stack of ["dev", "prod"] as const) writeConfig(stack, settings[stack]);
  writeConfig("trial", settings.dev);
  mkdirSync(join(world, "state"));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  const origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  [hetzner, cloudflare] = await Promise.all([
    startHetzner({ world, tokens, actionMs: 20 }),
    startCloudflare({ world, tokens, accountId: ACCOUNT, resolveOrigin: async () => origin }),
  ]);
  standIns = await startStandIns({
    hcloud: { url: `${hetzner.url}/v1`, token: tokens.write },
    cloudflare: { url: `${cloudflare.url}/client/v4`, token: tokens.write },
  });
  engineEnv = {
    PULUMI_BACKEND_URL: `file://${join(world, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DEBUG_PROVIDERS: standIns.debugProviders,
    HCLOUD_TOKEN: tokens.read,
    HCLOUD_ENDPOINT: `${hetzner.url}/v1`,
  };
  [dev, prod, trial] = await Promise.all([openStack("dev"), openStack("prod"), openStack("trial")]);
});

afterAll(async () => {
  app.closeAllConnections();
  app.close();
  await standIns?.close();
  await Promise.all([hetzner?.close(), cloudflare?.close()]);
  if (world) rmSync(world, { recursive: true });
});

async function openStack(stackName: string): Promise<Stack> {
  const run = async () => ({ ...(await program({ root: world, environment: engineEnv })) });
  return LocalWorkspace.createOrSelectStack(
    { stackName, projectName: "quayside", program: run },
    {
      workDir: join(world, "infra"),
      envVars: engineEnv,
      pulumiCommand: await PulumiCommand.get({ root: engineHome, skipVersionCheck: true }),
    },
  );
}

type Configuration = Record<string, unknown>;

function readSettings(stack: string): Configuration {
  const file = readFileSync(join(world, `infra/Pulumi.${stack}.yaml`), "utf8");
  return (parse(file) as { config: Configuration }).config;
}

function writeConfig(stack: string, config: Configuration): void {
  writeFileSync(join(world, `infra/Pulumi.${stack}.yaml`), stringify({ config }));
}

/** What a preview would do, sorted: `create hcloud:index/server:Server server1`. */
async function steps(stack: Stack): Promise<string[]> {
  const found: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const step = resourcePreEvent?.metadata;
    if (step && step.op !== "same" && !step.type.startsWith("pulumi:providers:"))
      found.push(`${step.op} ${step.type} ${step.urn.split("::").at(-1)}`);
  };
  await stack.preview({ onEvent });
  return found.sort();
}

/** Brings a stack up; its outputs as the edge reads them. */
async function bringUp(stack: Stack): Promise<StackOutputs> {
  const { outputs } = await stack.up();
  expect(Object.entries(outputs).filter(([, { secret }]) => secret)).toEqual([]);
  return StackOutputs.parse(
    Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value])),
  );
}

/** A stack's state as the pipeline exports it; the SDK's own `exportStack` shows secrets. */
async function exported(stack: string): Promise<string> {
  const child = spawn(join(engineHome, "bin", "pulumi"), ["stack", "export", "--stack", stack], {
    cwd: join(world, "infra"),
    env: { ...process.env, ...engineEnv },
  });
  return text(child.stdout);
}

/** The status with which the edge answers a visitor over HTTPS. */
async function visit(
  host: string,
  path: string,
  visitor?: string,
  method?: string,
): Promise<number | undefined> {
  return (await answer(host, path, visitor, method)).statusCode;
}

async function answer(
  host: string,
  path: string,
  visitor = "192.0.2.1",
  method = "GET",
): Promise<IncomingMessage> {
  const outgoing = request(`${cloudflare.edge.url}${path}`, {
    agent: false,
    method,
    headers: { host, "x-rehearsal-scheme": "https", "x-rehearsal-client-ip": visitor },
  });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.resume();
  return response;
}

async function records(): Promise<{ name: string; type: string; content: string; proxied: boolean }[]> {
  const response = await fetch(
    `${cloudflare.url}/client/v4/zones/${cloudflare.zoneId}/dns_records?per_page=100`,
    { headers: { authorization: `Bearer ${tokens.read}` } },
  );
  const Record = z.object({ name: z.string(), type: z.string(), content: z.string(), proxied: z.boolean() });
  return z.object({ result: z.array(Record) }).parse(await response.json()).result;
}

test("both stacks are previewed at once, and only the owner of the zone has the zone's rules", async () => {
  const [ofDev, ofProd] = await Promise.all([steps(dev), steps(prod)]);
  birth = ofDev;
  expect(ofDev).toContain("create hcloud:index/server:Server server1");
  expect(ofDev.join("\n")).not.toMatch(/server2|ruleset|zoneSetting|dnssec/i);
  expect(ofProd).toContain("create hcloud:index/server:Server server2");
  expect(ofProd).toContain("create cloudflare:index/ruleset:Ruleset waf-custom");
  expect([...ofDev, ...ofProd].filter((step) => !step.startsWith("create "))).toEqual([]);
});

test("the stock way of running the program previews the same steps", async () => {
  const host = await startProgramHost();
  try {
    const child = spawn(
      join(engineHome, "bin", "pulumi"),
      ["preview", "--json", "--non-interactive", "--stack", "dev", `--client=${host.address}`],
      { cwd: join(world, "infra"), env: { ...process.env, ...engineEnv } },
    );
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    expect(child.exitCode, stderr).toBe(0);
    const Step = z.object({ op: z.string(), urn: z.string(), newState: z.object({ type: z.string() }) });
    const { steps: stock } = z.object({ steps: z.array(Step) }).parse(JSON.parse(stdout));
    const lines = stock.map(({ op, urn, newState }) => `${op} ${newState.type} ${urn.split("::").at(-1)}`);
    expect(lines.sort()).toEqual(birth);
  } finally {
    host.close();
  }
});

test("a server type that its location does not offer is refused, with those that are and their prices", async () => {
  writeConfig("trial", { ...settings.dev, "quayside:serverType": "cx22" });
  const refusal = await trial.preview().catch((error: Error) => error.message);
  expect(refusal).toContain("Server type cx22 is not offered at hil.");
  expect(refusal).toMatch(/cpx21: 3 vCPU, 4 GB memory, 80 GB disk, \d+\.\d\d a month/);
});

test("every bad value of the configuration is named by the preview at once", async () => {
  writeConfig("trial", { ...settings.dev, "quayside:volumeSize": "huge", "quayside:ownZone": "true" });
  const refusal = await trial.preview().catch((error: Error) => error.message);
  expect(refusal).toContain("infra/Pulumi.trial.yaml has 2 values to mend");
  expect(refusal).toContain('quayside:volumeSize is "huge"');
  expect(refusal).toContain("did you mean quayside:ownsZone?");
});

test("both stacks come up at once, and their outputs are what the edge expects, without a secret", async () => {
  const [ofDev, ofProd] = await Promise.all([bringUp(dev), bringUp(prod)]);
  up = { dev: ofDev, prod: ofProd };
  for (const [stack, outputs] of Object.entries(up)) {
    expect(outputs).toMatchObject({
      accountId: ACCOUNT,
      zone: { name: "example.com" },
      workers: { intake: { scriptName: `intake-${stack}` } },
      sites: { www: { project: `quayside-www-${stack}` } },
    });
  }
}, 120_000);

test("every server is there behind the firewall, born with a certificate for its hosts and the key to it", () => {
  const { app, servers } = up.prod;
  expect(servers.map(({ healthHostname }) => healthHostname)).toEqual([
    "server1.example.com",
    "server2.example.com",
  ]);
  for (const { ipv4, healthHostname, primary } of servers) {
    const server = hetzner.findServerByIp(ipv4);
    expect(server).toMatchObject({ status: "running", firewallAllows443: true });
    const { write_files: files } = parse(server?.userData ?? "") as {
      write_files: { path: string; content: string }[];
    };
    const file = (name: string) => files.find(({ path }) => path.endsWith(name))?.content ?? "";
    const certificate = new X509Certificate(file("origin.pem"));
    expect(certificate.checkPrivateKey(createPrivateKey(file("origin.key")))).toBe(true);
    expect(certificate.checkHost(app.hostname)).toBe(app.hostname);
    expect(certificate.checkHost(healthHostname)).toBe(healthHostname);
    expect(file("srv-data.mount") !== "").toBe(primary);
  }
});

test("the hosts of both stacks lead to their servers through the proxy, and the domain takes no mail", async () => {
  const found = await records();
  const addresses = (host: string) =>
    found
      .filter(({ name, type, proxied }) => name === host && proxied && (type === "A" || type === "AAAA"))
      .map(({ content }) => content)
      .sort();
  for (const { app, servers } of [up.dev, up.prod]) {
    expect(addresses(app.hostname)).toEqual(servers.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).sort());
    for (const { healthHostname, ipv4, ipv6 } of servers)
      expect(addresses(healthHostname)).toEqual([ipv4, ipv6].sort());
  }
  expect(found).toContainEqual(expect.objectContaining({ name: "example.com", type: "MX", content: "." }));
});

test("every row of the table of requests has its outcome on the hosts of both stacks", async () => {
  const Row = z.object({
    path: z.string(),
    method: z.string().default("GET"),
    from: z.string().optional(),
    site: z.string().default("app"),
    times: z.number().default(1),
    expect: z.enum(["blocked", "limited", "passed"]),
  });
  const file = join(repository, "infra", "src", "cloudflare", "waf.requests.yaml");
  const rows = z
    .array(Row)
    .min(20)
    .parse(parse(readFileSync(file, "utf8")));
  const outcomes = new Map<number | undefined, string>([
    [403, "blocked"],
    [429, "limited"],
  ]);
  for (const suffix of ["", "-dev"]) {
    const wrong = [];
    for (const { path, method, from, site, times, expect: wanted } of rows) {
      const seen = [];
      for (let sent = 0; sent < times; sent++)
        seen.push(await visit(`${site}${suffix}.example.com`, path, from, method));
      if ((outcomes.get(seen.at(-1)) ?? "passed") !== wanted)
        wrong.push(`${method} ${path} from ${from}: ${seen.join(" ")}`);
    }
    expect(wrong).toEqual([]);
  }
});

test("the edge keeps the app's static files, and never an answer with a cookie", async () => {
  const ask = (path: string) => answer("app.example.com", path);
  const status = async (path: string) => (await ask(path)).headers["cf-cache-status"];
  expect([await status("/static/fresh.css"), await status("/static/fresh.css")]).toEqual(["MISS", "HIT"]);
  for (const path of ["/static/with-cookie.css", "/private.pdf", "/"]) {
    await ask(path);
    const again = await ask(path);
    expect([path, again.headers["cf-cache-status"]]).not.toEqual([path, "HIT"]);
    if (path.includes("cookie")) expect(again.headers["set-cookie"]).toEqual(["session=1"]);
  }
});

test("the zone's own name leads to www, with path and query", async () => {
  const { statusCode, headers } = await answer("example.com", "/berths?page=2");
  expect([statusCode, headers.location]).toEqual([301, "https://www.example.com/berths?page=2"]);
});

test("a sender who hurries is held up at the intake, and another one is not", async () => {
  const answers = [];
  for (let sent = 0; sent < 12; sent++) answers.push(await visit("app.example.com", "/intake", "192.0.2.2"));
  expect(answers.slice(0, 10)).not.toContain(429);
  expect(answers.at(-1)).toBe(429);
  expect(await visit("app.example.com", "/intake", "192.0.2.3")).not.toBe(429);
});

test("no secret stands in the exported state, in the backend's files or in a plan, in whatever disguise", async () => {
  const userData = hetzner.findServerByIp(up.dev.servers[0]?.ipv4 ?? "")?.userData ?? "";
  const { write_files: files } = parse(userData) as { write_files: { path: string; content: string }[] };
  const key = files.find(({ path }) => path.endsWith("origin.key"))?.content ?? "";
  const secrets = { key, ...tokens, passphrase: engineEnv.PULUMI_CONFIG_PASSPHRASE ?? "" };
  // Another key of the releases is another birth of the server: its user data, with the private key in it, is in the plan.
  const other = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  writeConfig("dev", { ...settings.dev, "quayside:releaseKey": other });
  const plan = join(world, "plan.json");
  await dev.preview({ plan });
  writeConfig("dev", settings.dev);

  const folder = join(world, "state");
  const kept = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
  const texts = [...(await Promise.all(["dev", "prod"].map(exported))), readFileSync(plan, "utf8"), ...kept];
  expect(texts[0]).toContain("tls:index/privateKey:PrivateKey");
  expect(texts[2]).toMatch(/"userData":\s*\{[^}]*"ciphertext"/);
  expect(key).toContain("PRIVATE KEY");
  expect(searchFor({ key })(userData).includes("key")).toBe(true);
  expect(texts.flatMap(searchFor(secrets))).toEqual([]);
  for (const text of texts) expect(text).not.toMatch(/PRIVATE KEY-----|origin\.key/);
});

test("the second time everything is the same, the clouds show no drift, and what a deploy wrote into the release record stays", async () => {
  const { releaseRecord, zone } = up.dev;
  const record = `${cloudflare.url}/client/v4/zones/${zone.id}/dns_records/${releaseRecord.id}`;
  const headers = { authorization: `Bearer ${tokens.write}`, "content-type": "application/json" };
  const content = '"v=1 release=dev-1"';
  const written = await fetch(record, { method: "PATCH", headers, body: JSON.stringify({ content }) });
  expect(written.status).toBe(200);

  const again = await Promise.all([dev.preview({ refresh: true }), prod.preview({ refresh: true })]);
  for (const { changeSummary } of again) expect(Object.keys(changeSummary)).toEqual(["same"]);
}, 120_000);
