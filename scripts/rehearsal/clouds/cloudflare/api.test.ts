import { webcrypto, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Cloudflare, { APIError } from "cloudflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { x509Library } from "../../x509.ts";
import { type Cloudflare as Cloud, startCloudflare } from "./start.ts";

const TOKENS = { write: "write-token-of-the-test", read: "read-token-of-the-test" };
let world: string;
let cloud: Cloud;
let client: Cloudflare;
let reader: Cloudflare;

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "cloudflare-"));
  cloud = await startCloudflare({ world, tokens: TOKENS, resolveOrigin: async () => undefined });
  const baseURL = `${cloud.url}/client/v4`;
  client = new Cloudflare({ apiToken: TOKENS.write, baseURL, maxRetries: 0 });
  reader = new Cloudflare({ apiToken: TOKENS.read, baseURL, maxRetries: 0 });
});
afterAll(async () => {
  await cloud.close();
  rmSync(world, { recursive: true });
});

/** The status and the first error code that a call is refused with. */
async function refusal(call: PromiseLike<unknown>): Promise<[number | undefined, number | undefined]> {
  try {
    await call;
  } catch (error) {
    if (error instanceof APIError) return [error.status, error.errors[0]?.code];
    throw error;
  }
  throw new Error("the call was not refused");
}

const account = () => ({ account_id: cloud.accountId });
const zone = () => ({ zone_id: cloud.zoneId });

test("the zone is found by its name, and nothing by another", async () => {
  const found = await client.zones.list({ name: "example.com" });
  expect(found.result.map(({ id, status }) => [id, status])).toEqual([[cloud.zoneId, "active"]]);
  expect((await client.zones.list({ name: "example.org" })).result).toEqual([]);
});

test("a token is told apart: good, read-only, unknown, missing", async () => {
  expect((await client.user.tokens.verify())?.status).toBe("active");
  expect((await reader.zones.get(zone()))?.name).toBe("example.com");
  expect(
    await refusal(
      reader.dns.records.create({ ...zone(), name: "no", type: "A", content: "192.0.2.1", ttl: 1 }),
    ),
  ).toEqual([403, 10000]);
  const stranger = new Cloudflare({
    apiToken: "unknown-token",
    baseURL: `${cloud.url}/client/v4`,
    maxRetries: 0,
  });
  expect(await refusal(stranger.zones.get(zone()))).toEqual([403, 9109]);
  const bare = await fetch(`${cloud.url}/client/v4/zones`);
  expect([bare.status, ((await bare.json()) as { errors: { code: number }[] }).errors[0]?.code]).toEqual([
    400, 9106,
  ]);
});

test("a DNS record lives: created, found, changed in part, deleted, gone", async () => {
  const record = await client.dns.records.create({
    ...zone(),
    name: "crud",
    type: "A",
    content: "192.0.2.1",
    ttl: 1,
    proxied: true,
    comment: "made by a test",
  });
  expect(record).toMatchObject({ name: "crud.example.com", proxied: true, ttl: 1, proxiable: true });
  const listed = await client.dns.records.list({ ...zone(), name: { exact: "crud.example.com" } });
  expect(listed.result.map(({ id }) => id)).toEqual([record.id]);
  const changed = await client.dns.records.edit(record.id, {
    ...zone(),
    name: "crud",
    type: "A",
    content: "192.0.2.2",
    ttl: 1,
  });
  expect(changed).toMatchObject({ content: "192.0.2.2", proxied: true, comment: "made by a test" });
  await client.dns.records.delete(record.id, zone());
  expect(await refusal(client.dns.records.get(record.id, zone()))).toEqual([404, 81044]);
});

test("a DNS record that can't stand beside others is refused with Cloudflare's code", async () => {
  const create = (type: "A" | "CNAME" | "TXT", name: string, content: string) =>
    client.dns.records.create({ ...zone(), name, type, content, ttl: 1 });
  await create("A", "busy", "192.0.2.1");
  await create("CNAME", "alias", "app.example.com");
  await create("TXT", "_release", '"image=a"');
  expect(await refusal(create("A", "busy", "192.0.2.1"))).toEqual([400, 81058]);
  expect(await refusal(create("CNAME", "busy", "app.example.com"))).toEqual([400, 81053]);
  expect(await refusal(create("A", "alias", "192.0.2.1"))).toEqual([400, 81054]);
  expect(await refusal(create("CNAME", "alias", "www.example.com"))).toEqual([400, 81053]);
  expect(await refusal(create("TXT", "_release", "image=a"))).toEqual([400, 81058]);
  expect(await refusal(create("A", "wrong", "192.0.2"))).toEqual([400, 9005]);
  expect((await create("A", "busy", "192.0.2.2")).content).toBe("192.0.2.2");
});

test("lists come in pages that the client walks through", async () => {
  for (let i = 0; i < 7; i++)
    await client.dns.records.create({ ...zone(), name: `page${i}`, type: "TXT", content: `"${i}"`, ttl: 60 });
  const names: string[] = [];
  for await (const record of client.dns.records.list({
    ...zone(),
    per_page: 3,
    name: { startswith: "page" },
  }))
    names.push(record.name);
  expect(names).toHaveLength(7);
});

const Written = z.object({
  id: z.string(),
  version: z.string(),
  rules: z.array(z.object({ id: z.string(), ref: z.string(), version: z.string() })),
});

test("a phase has one entrypoint ruleset; rules keep their ids by ref and count versions", async () => {
  const phase = "http_request_firewall_custom";
  expect(await refusal(client.rulesets.phases.get(phase, zone()))).toEqual([404, 10003]);
  const rule = {
    ref: "dotfiles",
    action: "block" as const,
    expression: 'http.request.uri.path contains "/.env"',
  };
  const made = Written.parse(
    await client.rulesets.create({
      ...zone(),
      kind: "zone",
      name: "custom",
      phase,
      rules: [rule],
    }),
  );
  expect(
    await refusal(client.rulesets.create({ ...zone(), kind: "zone", name: "again", phase, rules: [] })),
  ).toEqual([400, 20217]);
  const log = { ref: "log", action: "log" as const, expression: "ssl" };
  const put = Written.parse(
    await client.rulesets.phases.update(phase, {
      ...zone(),
      rules: [log, { ...rule, enabled: false }],
    }),
  );
  expect(put.id).toBe(made.id);
  expect(put.version).toBe("2");
  expect(put.rules.map(({ ref, id, version }) => [ref, id === made.rules[0]?.id, version])).toEqual([
    ["log", false, "1"],
    ["dotfiles", true, "2"],
  ]);
  expect((await client.rulesets.list(zone())).result).toMatchObject([{ id: made.id, phase }]);
});

test("rules that the plan or the language does not have are refused", async () => {
  const put = (
    phase: "http_request_firewall_custom" | "http_ratelimit" | "http_request_firewall_managed",
    rules: object[],
  ) => client.put(`/zones/${cloud.zoneId}/rulesets/phases/${phase}/entrypoint`, { body: { rules } });
  const block = (expression: string) => ({ action: "block", expression });
  expect(await refusal(put("http_request_firewall_custom", Array(6).fill(block("ssl"))))).toEqual([
    400, 20122,
  ]);
  expect(await refusal(put("http_request_firewall_custom", [block("http.hots eq 1")]))).toEqual([400, 20127]);
  expect(await refusal(put("http_request_firewall_custom", [block('http.host matches "x"')]))).toEqual([
    400, 20127,
  ]);
  const limit = {
    characteristics: ["ip.src", "cf.colo.id"],
    period: 60,
    requests_per_period: 5,
    mitigation_timeout: 10,
  };
  const path = block('http.request.uri.path eq "/"');
  expect(await refusal(put("http_ratelimit", [{ ...path, ratelimit: limit }]))).toEqual([400, 20120]);
  const host = block('starts_with(lower(http.host), "www") and not http.request.uri.path eq "/"');
  expect(await refusal(put("http_ratelimit", [{ ...host, ratelimit: { ...limit, period: 10 } }]))).toEqual([
    400, 20127,
  ]);
  expect(
    await refusal(put("http_request_firewall_managed", [{ action: "execute", expression: "true" }])),
  ).toEqual([400, 20122]);
});

test("zone settings have Cloudflare's defaults and keep what is set", async () => {
  expect(await client.zones.settings.get("min_tls_version", zone())).toMatchObject({
    value: "1.0",
    editable: true,
  });
  await client.zones.settings.edit("ssl", { ...zone(), value: "strict" });
  expect(await client.zones.settings.get("ssl", zone())).toMatchObject({ value: "strict" });
  expect(await refusal(client.zones.settings.edit("ssl", { ...zone(), value: "very" }))).toEqual([400, 1007]);
});

test("an Origin CA certificate is signed over the key of the request", async () => {
  const x509 = await x509Library();
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=example.com",
    keys,
    signingAlgorithm: algorithm,
  });
  const hostnames = ["example.com", "*.example.com"];
  const made = await client.originCACertificates.create({
    csr: csr.toString("pem"),
    hostnames,
    request_type: "origin-ecc",
    requested_validity: 365,
  });
  const certificate = new X509Certificate(made.certificate ?? "");
  expect(certificate.checkHost("app.example.com")).toBe("*.example.com");
  expect(certificate.publicKey.export({ type: "spki", format: "pem" })).toBe(
    `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("spki", keys.publicKey), "PUBLIC KEY")}\n`,
  );
  expect(
    await refusal(
      client.originCACertificates.create({
        csr: csr.toString("pem"),
        hostnames: ["example.org"],
        request_type: "origin-ecc",
        requested_validity: 365,
      }),
    ),
  ).toEqual([400, 1010]);
});

test("a Pages project has its domains, and its name once", async () => {
  const project = { ...account(), name: "quayside-www", production_branch: "main" };
  expect(await client.pages.projects.create(project)).toMatchObject({ subdomain: "quayside-www.pages.dev" });
  expect(await refusal(client.pages.projects.create(project))).toEqual([409, 8000002]);
  const domain = () =>
    client.pages.projects.domains.get("www.example.com", { ...account(), project_name: "quayside-www" });
  await client.pages.projects.domains.create("quayside-www", { ...account(), name: "www.example.com" });
  expect((await domain())?.status).toBe("pending");
  await client.dns.records.create({
    ...zone(),
    name: "www",
    type: "CNAME",
    content: "quayside-www.pages.dev",
    ttl: 1,
    proxied: true,
  });
  expect((await domain())?.status).toBe("active");
  expect(await refusal(client.pages.projects.delete("quayside-www", account()))).toEqual([400, 8000028]);
  expect(await refusal(client.pages.projects.get("nobody", account()))).toEqual([404, 8000007]);
});

test("KV, D1 and queues keep what is written, in the engine that Workers use", async () => {
  const namespace = await client.kv.namespaces.create({ ...account(), title: "submissions" });
  expect(await refusal(client.kv.namespaces.create({ ...account(), title: "submissions" }))).toEqual([
    400, 10014,
  ]);
  await client.kv.namespaces.values.update("a/b", { ...account(), namespace_id: namespace.id, value: "one" });
  const value = await client.kv.namespaces.values.get("a/b", { ...account(), namespace_id: namespace.id });
  expect(await value.text()).toBe("one");
  expect((await client.kv.namespaces.keys.list(namespace.id, account())).result).toEqual([{ name: "a/b" }]);
  const database = await client.d1.database.create({ ...account(), name: "intake" });
  const query = (sql: string) => client.d1.database.query(database.uuid ?? "", { ...account(), sql });
  await query("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x;y')");
  expect((await query("SELECT * FROM t")).result[0]?.results).toEqual([{ a: "x;y" }]);
  expect(await refusal(query("SELECT * FROM none"))).toEqual([400, 7500]);
  const queue = { ...account(), queue_name: "forward" };
  expect(await client.queues.create(queue)).toMatchObject({ queue_name: "forward", consumers: [] });
  expect(await refusal(client.queues.create(queue))).toEqual([409, 11009]);
});

test("Cloudflare's ranges are there for anybody", async () => {
  const ranges = z.object({ ipv4_cidrs: z.array(z.string()), ipv6_cidrs: z.array(z.string()) });
  const { ipv4_cidrs, ipv6_cidrs } = ranges.parse(await client.ips.list());
  expect([ipv4_cidrs.length, ipv6_cidrs.length]).toEqual([15, 7]);
  expect((await fetch(`${cloud.url}/client/v4/ips`)).status).toBe(200);
});

test("a route to a script that does not exist is refused", async () => {
  expect(
    await refusal(
      client.workers.routes.create({ ...zone(), pattern: "app.example.com/intake*", script: "nobody" }),
    ),
  ).toEqual([400, 10019]);
});

test("the answers carry rate limit headers, and faults can be asked for", async () => {
  const headers = { authorization: `Bearer ${TOKENS.read}` };
  const plain = await fetch(`${cloud.url}/client/v4/zones`, { headers });
  expect(plain.headers.get("ratelimit")).toMatch(/^"default";r=\d+;t=\d+$/);
  const fault = JSON.stringify({ kind: "status", status: 429, retryAfterSeconds: 3 });
  const limited = await fetch(`${cloud.url}/client/v4/zones`, {
    headers: { ...headers, "x-rehearsal-fault": fault },
  });
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "3"]);
});
