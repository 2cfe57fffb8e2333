import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Cloudflare as Cloud, startCloudflare } from "../rehearsal/clouds/cloudflare/start.ts";
import { type RunningHetzner, startHetzner } from "../rehearsal/clouds/hetzner/start.ts";
import { type Cloudflare, cloudflare } from "./cloudflare.ts";
import { readCatalogue } from "./hetzner.ts";
import { planCosts } from "./plans.ts";
import { request } from "./request.ts";

const TOKENS = { write: "write-token-of-this-test", read: "read-token-of-this-test" };
const NOW = new Date("2026-11-20T12:00:00Z");
let world: string;
let edge: Cloud;
let hetzner: RunningHetzner;
let api: Cloudflare;
let record: { id: string; content: string };

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "providers-"));
  [edge, hetzner] = await Promise.all([
    startCloudflare({ world, tokens: TOKENS, resolveOrigin: async () => undefined }),
    startHetzner({ world, tokens: TOKENS }),
  ]);
  api = cloudflare(TOKENS.write, `${edge.url}/client/v4`);
  const made = await fetch(`${edge.url}/client/v4/zones/${edge.zoneId}/dns_records`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKENS.write}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "TXT", name: "_release.app.example.com", content: '"none"', ttl: 60 }),
  });
  record = ((await made.json()) as { result: { id: string; content: string } }).result;
});
afterAll(async () => {
  await Promise.all([edge?.close(), hetzner?.close()]);
  rmSync(world, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(
    [edge, hetzner].map(({ url }) => fetch(`${url}/_rehearsal/faults`, { method: "DELETE" })),
  );
});

async function fault(cloud: { url: string }, rule: object): Promise<void> {
  const answer = await fetch(`${cloud.url}/_rehearsal/faults`, {
    method: "POST",
    body: JSON.stringify(rule),
  });
  expect(answer.status).toBe(204);
}

describe("Cloudflare", () => {
  test("A record's content is written and read back", async () => {
    await api.updateDnsRecord(edge.zoneId, record.id, '"v=1"');
    expect(await api.readDnsRecord(edge.zoneId, record.id)).toMatchObject({ type: "TXT", content: '"v=1"' });
  });

  test("A limit is waited for as long as it asks, a failure of the server a moment", async () => {
    await fault(edge, { method: "PATCH", fault: { kind: "status", status: 429, retryAfterSeconds: 1 } });
    await fault(edge, { method: "PATCH", skip: 1, fault: { kind: "status", status: 500 } });
    const started = performance.now();
    await api.updateDnsRecord(edge.zoneId, record.id, '"v=2"');
    expect(performance.now() - started).toBeGreaterThan(1000);
    expect((await api.readDnsRecord(edge.zoneId, record.id)).content).toBe('"v=2"');
  });

  test("A connection that breaks after the work was done costs a second try, no more", async () => {
    await fault(edge, { method: "PATCH", fault: { kind: "drop-after" } });
    await api.updateDnsRecord(edge.zoneId, record.id, '"v=3"');
    expect((await api.readDnsRecord(edge.zoneId, record.id)).content).toBe('"v=3"');
  });

  test("A token that only reads is refused with what a token needs", async () => {
    const reader = cloudflare(TOKENS.read, `${edge.url}/client/v4`);
    await expect(reader.updateDnsRecord(edge.zoneId, record.id, '"v=4"')).rejects.toMatchObject({
      code: "cloudflare-refused",
      message: expect.stringMatching(/answered 403 .*: \S/),
      fix: expect.stringContaining("CLOUDFLARE_API_TOKEN"),
    });
  });

  test("What is not there is missing, or undefined where that is an answer", async () => {
    await expect(api.readDnsRecord(edge.zoneId, "0".repeat(32))).rejects.toMatchObject({
      code: "cloudflare-missing",
    });
    expect(await api.workerDeployment(edge.accountId, "nobody")).toBeUndefined();
    expect(await api.pagesDeployment(edge.accountId, "nobody")).toBeUndefined();
    expect(await api.workerVersion(edge.accountId, "nobody", "1")).toBeUndefined();
    expect(await api.deployableVersions(edge.accountId, "nobody")).toEqual([]);
    expect(await api.dnsContent(edge.zoneId, "0".repeat(32))).toBeUndefined();
    for (const binding of [
      { type: "kv_namespace", name: "A", namespace_id: "0".repeat(32) },
      { type: "d1", name: "B", id: "00000000-0000-4000-8000-000000000000" },
      { type: "r2_bucket", name: "C", bucket_name: "nowhere" },
      { type: "queue", name: "D", queue_name: "nowhere" },
    ])
      expect(await api.hasBoundResource(edge.accountId, binding), binding.type).toBe(false);
    expect(await api.hasPagesDeployment(edge.accountId, "nobody", "1")).toBe(false);
    await expect(api.rollbackPages(edge.accountId, "nobody", "1")).rejects.toMatchObject({
      code: "cloudflare-missing",
    });
  });
});

describe("Hetzner", () => {
  test("The price list becomes cents a month, with the plans beside it", async () => {
    await fault(hetzner, { fault: { kind: "status", status: 429, retryAfterSeconds: 0 } });
    const catalogue = await readCatalogue(TOKENS.read, NOW, [], `${hetzner.url}/v1`);
    expect(catalogue.source).toContain("2026-11-20");
    expect(Object.values(catalogue.serverTypes).flatMap((prices) => Object.values(prices))).not.toContain(
      Number.NaN,
    );
    expect(catalogue.serverTypes.cpx11?.hil).toBeGreaterThan(100);
    expect(catalogue.volumeGigabyte["*"]).toBeGreaterThan(1);
  });

  test("A wrong token is told as such", async () => {
    await expect(readCatalogue("wrong", NOW, [], `${hetzner.url}/v1`)).rejects.toMatchObject({
      code: "hetzner-refused",
      fix: expect.stringContaining("HCLOUD_TOKEN"),
    });
  });
});

test("A server that stays broken, or is not there, is named with the call and the reason", async () => {
  const nowhere = `http://127.0.0.1:${await closedPort()}`;
  await fault(edge, { times: 4, fault: { kind: "status", status: 500 } });
  await fault(hetzner, { times: 4, fault: { kind: "status", status: 503 } });
  const [broken, gone, pricesBroken, pricesGone] = await Promise.all(
    [
      api.readDnsRecord(edge.zoneId, record.id),
      cloudflare("token-of-nobody", nowhere).readDnsRecord("zone", "record"),
      readCatalogue(TOKENS.read, NOW, [], `${hetzner.url}/v1`),
      readCatalogue(TOKENS.read, NOW, [], nowhere),
    ].map((call) => call.then(String, (error: unknown) => error)),
  );
  expect(broken).toMatchObject({
    code: "cloudflare-refused",
    message: expect.stringContaining(
      `Cloudflare answered 500 to GET /zones/${edge.zoneId}/dns_records/${record.id}: `,
    ),
  });
  expect(gone).toMatchObject({
    code: "cloudflare-unreachable",
    message: expect.stringContaining("ECONNREFUSED"),
  });
  expect(pricesBroken).toMatchObject({
    code: "hetzner-refused",
    message: expect.stringContaining("503"),
    fix: expect.stringContaining("status.hetzner.com"),
  });
  expect(pricesGone).toMatchObject({ code: "hetzner-unreachable" });
});

test("Plans cost what the configuration names, and nothing when they are free or not named", () => {
  const settings: Record<string, string> = { cloudflarePlan: "pro", neonPlan: "free" };
  expect(planCosts((key) => settings[key])).toEqual([
    { label: "Cloudflare plan: pro", beforeCents: 2000, afterCents: 2000 },
  ]);
  expect(planCosts(() => undefined)).toEqual([]);
});

test("A limit that lasts longer than a job should wait ends the call at once", async () => {
  let calls = 0;
  const server = createServer((_, response) => {
    calls++;
    response.writeHead(429, { "retry-after": "300" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  try {
    const port = typeof address === "object" && address ? address.port : 0;
    expect((await request(`http://127.0.0.1:${port}/`)).status).toBe(429);
    expect(calls).toBe(1);
  } finally {
    server.close();
  }
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
