import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "./start.ts";
import { openVisitor } from "./visitor.ts";

/** A zone with one server behind `app`, its own clock, and a site; everything set by API calls. */
let world: string;
let cloud: Cloudflare;
let origin: Server;
let visit: ReturnType<typeof openVisitor>;
let now = new Date("2026-11-01T00:00:00Z");
let hits = 0;

const Envelope = z.object({ success: z.boolean(), result: z.unknown() });
async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const form = body instanceof FormData;
  const response = await fetch(`${cloud.url}/client/v4${path}`, {
    method,
    headers: { authorization: "Bearer write", ...(form ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const envelope = Envelope.parse(await response.json());
  if (!envelope.success) throw new Error(JSON.stringify(envelope));
  return envelope.result;
}
const inZone = (path: string) => `/zones/${cloud.zoneId}${path}`;
const inAccount = (path: string) => `/accounts/${cloud.accountId}${path}`;
const record = (name: string, type: string, content: string, proxied = true) =>
  api("POST", inZone("/dns_records"), { name, type, content, proxied, ttl: 1 });
const rules = (phase: string, list: unknown[]) =>
  api("PUT", inZone(`/rulesets/phases/${phase}/entrypoint`), { rules: list });

beforeAll(async () => {
  origin = createServer((request, response) => {
    hits += 1;
    if (request.url?.startsWith("/cookie")) response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.setHeader("content-type", "text/plain");
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const { port } = origin.address() as AddressInfo;
  world = mkdtempSync(join(tmpdir(), "edge-"));
  const servers: Record<string, string> = {
    "192.0.2.1": `http://127.0.0.1:${port}`,
    "192.0.2.2": "http://127.0.0.1:1",
  };
  cloud = await startCloudflare({
    world,
    tokens: { write: "write", read: "read" },
    now: () => now,
    resolveOrigin: async (ip) => servers[ip],
  });
  visit = openVisitor(cloud.edge);
  await record("app", "A", "192.0.2.1");
  await record("down", "A", "192.0.2.2");
  await record("nobody", "A", "192.0.2.3");
  await record("*.wild", "A", "192.0.2.1");
});
afterAll(async () => {
  await cloud.close();
  origin.close();
  rmSync(world, { recursive: true });
});

test("of several servers behind a name each gets its turn, and on the free plan nobody else is asked when one is down", async () => {
  await record("pair", "A", "192.0.2.1");
  await record("pair", "A", "192.0.2.2");
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await visit("https://pair.example.com/")).status);
  expect(statuses.toSorted()).toEqual([200, 200, 521, 521]);
});

test("a proxied name leads to its server, with the visitor's address and the name that was asked for", async () => {
  const answer = await visit("https://app.example.com/a?b=c", {
    headers: { "x-rehearsal-client-ip": "198.51.100.9" },
  });
  const seen = JSON.parse(answer.text);
  expect(seen.url).toBe("/a?b=c");
  expect(seen.headers).toMatchObject({
    host: "app.example.com",
    "cf-connecting-ip": "198.51.100.9",
    "x-forwarded-proto": "https",
    "x-rehearsal-ip": "192.0.2.1",
  });
  expect(answer.headers.get("server")).toBe("cloudflare");
  expect((await visit("https://any.wild.example.com/")).status).toBe(200);
});

test("the certificate authority is in the world's folder, and no other is trusted", async () => {
  expect(readFileSync(join(world, "edge-ca.pem"), "utf8")).toBe(cloud.edge.ca);
  await expect(openVisitor({ url: cloud.edge.url, ca: "" })("https://app.example.com/")).rejects.toThrow();
});

test("names and servers that are not there get Cloudflare's own errors", async () => {
  const status = async (host: string) => {
    const { status, text } = await visit(`https://${host}/`);
    return [status, /Error code (\d+)/.exec(text)?.[1]];
  };
  expect(await status("down.example.com")).toEqual([521, "521"]);
  expect(await status("nobody.example.com")).toEqual([522, "522"]);
  expect(await status("none.example.com")).toEqual([530, "1001"]);
  expect(await status("www.somewhere.test")).toEqual([530, "1001"]);
});

test("always_use_https redirects, and HSTS is sent over TLS only", async () => {
  expect((await visit("http://app.example.com/x")).status).toBe(200);
  await api("PATCH", inZone("/settings/always_use_https"), { value: "on" });
  await api("PATCH", inZone("/settings/security_header"), {
    value: { strict_transport_security: { enabled: true, max_age: 300, include_subdomains: true } },
  });
  const plain = await visit("http://app.example.com/x?y=1");
  expect([plain.status, plain.headers.get("location")]).toEqual([301, "https://app.example.com/x?y=1"]);
  expect(plain.headers.get("strict-transport-security")).toBeNull();
  const secure = await visit("https://app.example.com/x");
  expect(secure.headers.get("strict-transport-security")).toBe("max-age=300; includeSubDomains");
});

test("custom rules block, challenge, skip and log in their order", async () => {
  await rules("http_request_firewall_custom", [
    { action: "skip", expression: "ip.src in {198.51.100.0/24}", action_parameters: { ruleset: "current" } },
    { action: "log", expression: "true" },
    { action: "block", expression: 'http.request.uri.path contains "/.env"' },
    { action: "managed_challenge", expression: 'starts_with(http.request.uri.path, "/admin")' },
  ]);
  const status = async (path: string, ip = "203.0.113.7") =>
    (await visit(`https://app.example.com${path}`, { headers: { "x-rehearsal-client-ip": ip } })).status;
  expect(await status("/")).toBe(200);
  expect(await status("/x/.env")).toBe(403);
  expect(await status("/x/%2Eenv")).toBe(403);
  expect(await status("/.env", "198.51.100.1")).toBe(200);
  const challenge = await visit("https://app.example.com/admin/");
  expect([challenge.status, challenge.headers.get("cf-mitigated")]).toEqual([403, "challenge"]);
  await rules("http_request_firewall_custom", []);
  expect(await status("/.env")).toBe(200);
});

test("a rate limit counts by visitor and lets go after its timeout", async () => {
  await rules("http_ratelimit", [
    {
      action: "block",
      expression: 'http.request.uri.path eq "/intake"',
      ratelimit: {
        characteristics: ["ip.src", "cf.colo.id"],
        period: 10,
        requests_per_period: 2,
        mitigation_timeout: 10,
      },
    },
  ]);
  const statuses = async (ip: string, times: number) => {
    const all: number[] = [];
    for (let i = 0; i < times; i++)
      all.push(
        (await visit("https://app.example.com/intake", { headers: { "x-rehearsal-client-ip": ip } })).status,
      );
    return all;
  };
  expect(await statuses("198.51.100.1", 4)).toEqual([200, 200, 429, 429]);
  expect(await statuses("198.51.100.2", 1)).toEqual([200]);
  now = new Date(now.getTime() + 11_000);
  expect(await statuses("198.51.100.1", 1)).toEqual([200]);
  await rules("http_ratelimit", []);
});

test("static files are cached, and never what sets a cookie", async () => {
  const cacheStatus = async (path: string) =>
    (await visit(`https://app.example.com${path}`)).headers.get("cf-cache-status");
  expect([await cacheStatus("/s.css"), await cacheStatus("/s.css")]).toEqual(["MISS", "HIT"]);
  expect([await cacheStatus("/page"), await cacheStatus("/page")]).toEqual(["DYNAMIC", "DYNAMIC"]);
  await rules("http_request_cache_settings", [
    {
      action: "set_cache_settings",
      expression: 'http.request.uri.path eq "/page" or starts_with(http.request.uri.path, "/cookie")',
      action_parameters: { cache: true, edge_ttl: { mode: "override_origin", default: 60 } },
    },
  ]);
  expect([await cacheStatus("/page"), await cacheStatus("/page")]).toEqual(["MISS", "HIT"]);
  expect([await cacheStatus("/cookie"), await cacheStatus("/cookie")]).toEqual(["BYPASS", "BYPASS"]);
  expect((await visit("https://app.example.com/cookie")).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  now = new Date(now.getTime() + 61_000);
  expect(await cacheStatus("/page")).toBe("EXPIRED");
  const before = hits;
  await visit("https://app.example.com/page");
  expect(hits).toBe(before);
  await api("POST", inZone("/purge_cache"), { purge_everything: true });
  expect(await cacheStatus("/page")).toBe("MISS");
});

test("DNS over HTTPS answers from the zone, and hides the servers behind proxied names", async () => {
  await record("_release.app", "TXT", "image=registry.example.com/app@sha256:1", false);
  await record("direct", "A", "192.0.2.1", false);
  const ask = async (name: string, type: string) =>
    JSON.parse((await visit(`https://cloudflare-dns.com/dns-query?name=${name}&type=${type}`)).text);
  expect((await ask("_release.app.example.com", "TXT")).Answer).toEqual([
    {
      name: "_release.app.example.com",
      type: 16,
      TTL: 300,
      data: '"image=registry.example.com/app@sha256:1"',
    },
  ]);
  expect((await ask("direct.example.com", "A")).Answer[0].data).toBe("192.0.2.1");
  expect((await ask("app.example.com", "A")).Answer[0].data).not.toBe("192.0.2.1");
  expect((await ask("none.example.com", "A")).Status).toBe(3);
});

test("a site is served with clean addresses, its headers and redirects, at every host that it has", async () => {
  const files: Record<string, string> = {
    "/index.html": "home",
    "/about.html": "about",
    "/docs/index.html": "docs",
    "/404.html": "lost",
  };
  await api("POST", inAccount("/pages/projects"), { name: "site", production_branch: "main" });
  const { jwt } = z
    .object({ jwt: z.string() })
    .parse(await api("GET", inAccount("/pages/projects/site/upload-token")));
  const hashOf = (path: string) => Buffer.from(path).toString("hex").padEnd(32, "0");
  const upload = await fetch(`${cloud.url}/client/v4/pages/assets/upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${jwt}` },
    body: JSON.stringify(
      Object.entries(files).map(([path, text]) => ({
        key: hashOf(path),
        value: Buffer.from(text).toString("base64"),
        base64: true,
        metadata: { contentType: "text/html" },
      })),
    ),
  });
  expect(upload.status).toBe(200);
  const deploy = async (branch: string) => {
    const form = new FormData();
    form.set(
      "manifest",
      JSON.stringify(Object.fromEntries(Object.keys(files).map((path) => [path, hashOf(path)]))),
    );
    form.set("branch", branch);
    form.set("_headers", new File(["/*\n  X-Frame-Options: DENY\n/docs/*\n  X-Docs: :splat\n"], "_headers"));
    form.set("_redirects", new File(["/old /about 301\n/blog/:slug /docs/?s=:slug 302\n"], "_redirects"));
    return z
      .object({ id: z.string(), short_id: z.string() })
      .parse(await api("POST", inAccount("/pages/projects/site/deployments"), form));
  };
  const first = await deploy("main");
  await deploy("feature/Login");
  const get = (path: string, host = "site.pages.dev", headers: Record<string, string> = {}) =>
    visit(`https://${host}${path}`, { headers });

  expect([(await get("/")).text, (await get("/about")).text, (await get("/docs/")).text]).toEqual([
    "home",
    "about",
    "docs",
  ]);
  expect((await get("/about.html")).headers.get("location")).toBe("/about");
  expect((await get("/docs")).headers.get("location")).toBe("/docs/");
  expect([(await get("/none")).status, (await get("/none")).text]).toEqual([404, "lost"]);
  expect((await get("/old")).headers.get("location")).toBe("/about");
  expect((await get("/blog/one")).headers.get("location")).toBe("/docs/?s=one");
  expect((await get("/")).headers.get("x-frame-options")).toBe("DENY");
  expect((await get("/docs/")).headers.has("x-docs")).toBe(true);
  const etag = (await get("/")).headers.get("etag") ?? "";
  expect((await get("/", undefined, { "if-none-match": etag })).status).toBe(304);
  const preview = await get("/", "feature-login.site.pages.dev");
  expect([preview.status, preview.headers.get("x-robots-tag")]).toEqual([200, "noindex"]);
  expect((await get("/", `${first.short_id}.site.pages.dev`)).status).toBe(200);
  expect((await get("/", "nobody.site.pages.dev")).status).toBe(530);

  // A custom domain needs both: the project's word and the DNS record.
  await record("www", "CNAME", "site.pages.dev");
  expect((await get("/", "www.example.com")).status).toBe(522);
  await api("POST", inAccount("/pages/projects/site/domains"), { name: "www.example.com" });
  expect((await get("/", "www.example.com")).text).toBe("home");

  const second = await deploy("main");
  const canonical = async () =>
    z
      .object({ canonical_deployment: z.object({ id: z.string() }) })
      .parse(await api("GET", inAccount("/pages/projects/site"))).canonical_deployment.id;
  expect(await canonical()).toBe(second.id);
  await api("POST", inAccount(`/pages/projects/site/deployments/${first.id}/rollback`));
  expect(await canonical()).toBe(first.id);
});
