import { afterEach, beforeEach, expect, test } from "vitest";
import { type Json, startTestCloud, type TestCloud, TOKENS } from "./test-cloud.ts";

let hetzner: TestCloud;
beforeEach(async () => {
  hetzner = await startTestCloud();
});
afterEach(() => hetzner.stop());

const makeGroups = async (count: number) => {
  for (let n = 1; n <= count; n++)
    await hetzner.call("POST", "/placement_groups", {
      name: `group-${String(n).padStart(2, "0")}`,
      type: "spread",
      labels: { odd: String(n % 2), ...(n > 25 ? { late: "" } : {}) },
    });
};
const names = (body: Json) => body.placement_groups.map((group: { name: string }) => group.name);

test("without a known token nothing is told", async () => {
  for (const authorization of ["", "Bearer wrong", `Basic ${TOKENS.write}`]) {
    const { status, body } = await hetzner.call("GET", "/servers", undefined, { authorization });
    expect(status).toBe(401);
    expect(body.error).toEqual({ code: "unauthorized", message: "unable to authenticate", details: null });
  }
});

test("the read token reads and does not write", async () => {
  const authorization = `Bearer ${TOKENS.read}`;
  expect((await hetzner.call("GET", "/servers", undefined, { authorization })).status).toBe(200);
  const refused = await hetzner.call(
    "POST",
    "/networks",
    { name: "n", ip_range: "10.0.0.0/16" },
    { authorization },
  );
  expect([refused.status, refused.body.error.code]).toEqual([401, "token_readonly"]);
});

test("lists come in pages of 25 by default and 50 at most, with the neighbours' numbers", async () => {
  await makeGroups(30);
  const first = (await hetzner.call("GET", "/placement_groups")).body;
  expect(first.placement_groups).toHaveLength(25);
  expect(first.meta.pagination).toEqual({
    page: 1,
    per_page: 25,
    previous_page: null,
    next_page: 2,
    last_page: 2,
    total_entries: 30,
  });
  const second = await hetzner.call("GET", "/placement_groups?page=2");
  expect(second.body.placement_groups).toHaveLength(5);
  expect(second.body.meta.pagination).toMatchObject({ previous_page: 1, next_page: null });
  expect(second.headers.get("link")).toContain("page=1>; rel=prev");
  expect((await hetzner.call("GET", "/placement_groups?per_page=200")).body.meta.pagination.per_page).toBe(
    50,
  );
  expect((await hetzner.call("GET", "/placement_groups?page=0")).body.error.code).toBe("invalid_input");
});

test.each([
  ["odd=1", 13],
  ["odd==1", 13],
  ["odd!=1", 13],
  ["late", 1],
  ["!late", 25],
  ["odd in (0,1),late", 1],
  ["odd notin (0)", 13],
])("the label selector %s finds %i", async (selector, count) => {
  await makeGroups(26);
  const query = new URLSearchParams({ label_selector: selector, per_page: "50" });
  expect(names((await hetzner.call("GET", `/placement_groups?${query}`)).body)).toHaveLength(count);
});

test("name filters exactly, sort goes both ways, nonsense is refused", async () => {
  await makeGroups(3);
  expect(names((await hetzner.call("GET", "/placement_groups?name=group-02")).body)).toEqual(["group-02"]);
  expect(names((await hetzner.call("GET", "/placement_groups?name=group")).body)).toEqual([]);
  expect(names((await hetzner.call("GET", "/placement_groups?sort=name:desc")).body)).toEqual([
    "group-03",
    "group-02",
    "group-01",
  ]);
  expect((await hetzner.call("GET", "/placement_groups?sort=colour")).status).toBe(422);
  expect((await hetzner.call("GET", "/placement_groups?label_selector=a%20b")).status).toBe(422);
});

test("every answer tells how many calls are left; the limit comes back with time", async () => {
  await hetzner.stop();
  hetzner = await startTestCloud({ rateLimit: 3 });
  const call = () => hetzner.call("GET", "/locations");
  const first = await call();
  expect([first.headers.get("ratelimit-limit"), first.headers.get("ratelimit-remaining")]).toEqual([
    "3",
    "2",
  ]);
  const inAnHour = Date.parse("2026-10-01T13:00:00Z") / 1000;
  expect(Number(first.headers.get("ratelimit-reset"))).toBeLessThanOrEqual(inAnHour);
  await call();
  await call();
  const refused = await call();
  expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limit_exceeded"]);
  hetzner.pass(1_200_000);
  expect((await call()).status).toBe(200);
});

test("bodies that are no JSON, unknown paths and unknown ids have their own codes", async () => {
  const code = async (method: string, path: string, body?: unknown) => {
    const answer = await hetzner.call(method, path, body);
    return `${answer.status} ${answer.body.error.code}`;
  };
  expect(await code("POST", "/networks", "{")).toBe("400 json_error");
  expect(await code("GET", "/spaceships")).toBe("404 not_found");
  expect(await code("GET", "/networks/7")).toBe("404 not_found");
  expect(await code("GET", "/networks/seven")).toBe("404 not_found");
  expect(await code("GET", "/actions")).toBe("410 deprecated_api_endpoint");
  expect(await code("GET", "/datacenters")).toBe("410 deprecated_api_endpoint");
});

test("actions are found by id, by their resource, and by status", async () => {
  const network = (await hetzner.call("POST", "/networks", { name: "n", ip_range: "10.0.0.0/16" })).body
    .network;
  const subnet = { type: "cloud", network_zone: "us-west", ip_range: "10.0.1.0/24" };
  const { action } = (await hetzner.call("POST", `/networks/${network.id}/actions/add_subnet`, subnet)).body;
  for (const path of [
    `/actions/${action.id}`,
    `/networks/actions/${action.id}`,
    `/networks/${network.id}/actions/${action.id}`,
  ])
    expect((await hetzner.call("GET", path)).body.action).toMatchObject({ id: action.id, status: "running" });
  const running = `/networks/${network.id}/actions?status=running`;
  expect((await hetzner.call("GET", running)).body.actions).toHaveLength(1);
  hetzner.pass(150);
  expect((await hetzner.call("GET", running)).body.actions).toHaveLength(0);
  expect((await hetzner.call("GET", `/volumes/actions/${action.id}`)).status).toBe(404);
});

test("server types name their locations, availability and prices there", async () => {
  const cpx21 = (await hetzner.call("GET", "/server_types?name=cpx21")).body.server_types[0];
  expect(cpx21).toMatchObject({ cores: 3, memory: 4, disk: 80, architecture: "x86", deprecation: null });
  const here = cpx21.locations.find((each: { name: string }) => each.name === "hil");
  expect(here).toMatchObject({ available: true, deprecation: null });
  const price = cpx21.prices.find((each: { location: string }) => each.location === "hil");
  expect(price.price_monthly).toEqual({ net: "37.4900000000", gross: "37.4900000000000000" });
  const inEurope = cpx21.locations.find((each: { name: string }) => each.name === "fsn1");
  expect(inEurope).toMatchObject({
    available: false,
    deprecation: { unavailable_after: expect.any(String) },
  });
  const cx22 = (await hetzner.call("GET", "/server_types?name=cx22")).body.server_types[0];
  expect(cx22.locations.map((each: { name: string }) => each.name)).not.toContain("hil");
  expect(cx22.deprecation).not.toBeNull();
});

test("prices, locations and images have the shapes that the official clients read", async () => {
  const { pricing } = (await hetzner.call("GET", "/pricing")).body;
  expect(pricing).toMatchObject({ currency: "USD", server_backup: { percentage: "20.00" } });
  expect(Number(pricing.volume.price_per_gb_month.net)).toBeGreaterThan(0);
  const ipv6 = pricing.primary_ips.find((each: { type: string }) => each.type === "ipv6");
  expect(Number(ipv6.prices[0].price_monthly.net)).toBe(0);
  const { locations } = (await hetzner.call("GET", "/locations?name=hil")).body;
  expect(locations).toMatchObject([{ network_zone: "us-west", country: "US" }]);
  const { images } = (await hetzner.call("GET", "/images?name=debian-12&architecture=x86")).body;
  expect(images).toMatchObject([{ os_flavor: "debian", status: "available", type: "system" }]);
});

test("faults: 429 and 500 in Hetzner's words without the work, drop-after with the work done", async () => {
  const fault = (kind: object) => ({ "x-rehearsal-fault": JSON.stringify(kind) });
  const network = { name: "n", ip_range: "10.0.0.0/16" };
  const limited = await hetzner.call("POST", "/networks", network, fault({ kind: "status", status: 429 }));
  expect([limited.status, limited.body.error.code]).toEqual([429, "rate_limit_exceeded"]);
  const broken = await hetzner.call("POST", "/networks", network, fault({ kind: "status", status: 500 }));
  expect([broken.status, broken.body.error.code]).toEqual([500, "server_error"]);
  expect((await hetzner.call("GET", "/networks")).body.networks).toEqual([]);
  await expect(hetzner.call("POST", "/networks", network, fault({ kind: "drop-after" }))).rejects.toThrow();
  expect((await hetzner.call("GET", "/networks")).body.networks).toHaveLength(1);
});
