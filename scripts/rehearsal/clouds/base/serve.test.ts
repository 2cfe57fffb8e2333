import { Hono } from "hono";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FAULT_HEADER, Faults } from "./faults.ts";
import { type Listening, serve } from "./serve.ts";

let written: string[];
let cloud: Listening;
beforeEach(async () => {
  written = [];
  const faults = new Faults();
  const api = new Hono();
  api.use(faults.middleware((status) => new Response(`refused ${status}`, { status })));
  api.post("/things", async (c) => {
    written.push(await c.req.text());
    return c.text("made", 201);
  });
  cloud = await serve(api, faults);
});
afterEach(() => cloud.close());

const post = (body: string, headers: { [name: string]: string } = {}) =>
  fetch(`${cloud.url}/things`, { method: "POST", body, headers });
const admin = (method: string, path: string, body?: unknown) =>
  fetch(`${cloud.url}/_rehearsal${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test("listens on the loopback interface only", () => {
  expect(cloud.url).toBe(`http://127.0.0.1:${cloud.port}`);
});

test("a status fault answers in the provider's words instead of doing the work, as often as asked", async () => {
  await admin("POST", "/faults", {
    method: "POST",
    path: "^/things$",
    times: 2,
    skip: 1,
    fault: { kind: "status", status: 500 },
  });
  const statuses = [];
  for (const name of ["a", "b", "c", "d"]) statuses.push((await post(name)).status);
  expect(statuses).toEqual([201, 500, 500, 201]);
  expect(written).toEqual(["a", "d"]);
});

test("429 tells when to come back", async () => {
  const fault = { kind: "status", status: 429, retryAfterSeconds: 7 };
  const response = await post("a", { [FAULT_HEADER]: JSON.stringify(fault) });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
});

test("drop-after does the work and cuts the connection without an answer", async () => {
  const headers = { [FAULT_HEADER]: JSON.stringify({ kind: "drop-after" }) };
  await expect(post("a", headers)).rejects.toThrow("fetch failed");
  expect(written).toEqual(["a"]);
  expect((await post("b")).status).toBe(201);
});

test("latency can be set for every call", async () => {
  await admin("PUT", "/latency", { ms: 60 });
  const started = performance.now();
  await post("a");
  expect(performance.now() - started).toBeGreaterThanOrEqual(55);
});

test("calls are on record until they are forgotten", async () => {
  await post("a");
  const calls = await (await admin("GET", "/calls")).json();
  expect(calls).toMatchObject([{ method: "POST", path: "/things", status: 201 }]);
  await admin("DELETE", "/calls");
  expect(await (await admin("GET", "/calls")).json()).toEqual([]);
});

test("rules, headers and latencies that make no sense are refused with what is wrong", async () => {
  expect((await admin("POST", "/faults", { fault: { kind: "strange" } })).status).toBe(400);
  expect((await admin("POST", "/faults", { path: "(", fault: { kind: "drop-after" } })).status).toBe(400);
  expect((await admin("PUT", "/latency", { ms: "long" })).status).toBe(400);
  expect((await post("a", { [FAULT_HEADER]: "{" })).status).toBe(400);
  expect(written).toEqual([]);
});

test("forgotten rules have no effect", async () => {
  await admin("POST", "/faults", { fault: { kind: "status", status: 500 } });
  await admin("DELETE", "/faults");
  expect((await post("a")).status).toBe(201);
});
