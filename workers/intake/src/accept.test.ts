import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import readme from "../README.md?raw";
import { backend } from "../test/backend.ts";
import { cleanWorldForEach } from "../test/clean-world.ts";
import { aMessage, INTAKE, pass, post, send } from "../test/intake.ts";
import { allOutboxes } from "./outbox/shard.ts";
import { PROBLEM_TYPES } from "./problem-types.ts";

cleanWorldForEach();

async function waiting(): Promise<number> {
  const states = await Promise.all(allOutboxes(env).map(({ stub }) => stub.state()));
  return states.reduce((sum, state) => sum + state.waiting, 0);
}

const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

it("answers 202 with an id when the message is stored", async () => {
  const response = await post(aMessage);
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ id: expect.stringMatching(/^[\da-f-]{36}$/) });
  expect(await waiting()).toBe(1);
});

it("leads a form without JavaScript to the thank-you page", async () => {
  const another = { ...aMessage, message: "And one on Saturday?" };
  for (const body of [new URLSearchParams(aMessage), formData(another)]) {
    const response = await send("/intake", { method: "POST", headers: browser, body });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/thanks");
  }
  expect(await waiting()).toBe(2);
});

it("names every field that needs another look", async () => {
  const response = await post({ name: " ", email: "ada", topic: "tea" });
  expect(response.status).toBe(422);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await response.json<{ code: string; errors: { field: string }[] }>();
  expect(problem.code).toBe("invalid-message");
  expect(problem.errors.map((error) => error.field).sort()).toEqual(["email", "message", "name", "topic"]);
  expect(await waiting()).toBe(0);
});

it("shows a browser a page with the same words, and never what was sent as markup", async () => {
  const body = new URLSearchParams({ ...aMessage, email: "<script>" });
  const response = await send("/intake", { method: "POST", headers: browser, body });
  expect(response.status).toBe(422);
  expect(response.headers.get("content-type")).toContain("text/html");
  const page = await response.text();
  expect(page).toContain("This does not look like an e-mail address.");
  expect(page).not.toContain("<script>");
});

it.each([
  ["another content type", { "content-type": "text/plain" }, "hello", 415, "unsupported-content-type"],
  ["broken JSON", { "content-type": "application/json" }, "{", 400, "malformed-json"],
  ["a JSON list", { "content-type": "application/json" }, "[]", 400, "malformed-json"],
  ["a broken form", { "content-type": "multipart/form-data; boundary=x" }, "--y", 400, "malformed-form"],
  [
    "an odd idempotency key",
    { "content-type": "application/json", "idempotency-key": "a b" },
    JSON.stringify(aMessage),
    400,
    "malformed-idempotency-key",
  ],
])("refuses %s", async (_what, headers, body, status, code) => {
  const response = await send("/intake", { method: "POST", headers, body });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status, code });
});

it("gives each refusal a type, whose address says what it means", async () => {
  for (const [response, title] of [
    [await post({}), "Some fields need another look"],
    [await send("/intake/else"), "Not found"],
    [await send("/intake/problems/none-such"), "Not found"],
  ] as const) {
    const problem = await response.json<{ type: string; code: string; title: string }>();
    expect(problem).toMatchObject({ type: `${INTAKE}/problems/${problem.code}`, title });
    const page = await send(problem.type, { headers: browser });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(`<h1>${title}</h1>`);
  }
});

it("has every code of its refusals in the documentation, and no other", () => {
  const [table = ""] = /\| status \| codes \|\n(?:\|.*\n)+/.exec(readme) ?? [];
  const rows = [...table.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)];
  const documented = rows.flatMap(([, status, codes]) =>
    [...(codes ?? "").matchAll(/`([a-z-]+)`/g)].map(([, code]) => `${status} ${code}`),
  );
  expect(documented.sort()).toEqual(
    Object.entries(PROBLEM_TYPES)
      .map(([code, { status }]) => `${status} ${code}`)
      .sort(),
  );
});

it("stops reading at the size limit, declared length or not", async () => {
  const big = JSON.stringify({ ...aMessage, message: "x".repeat(20_000) });
  expect((await post({ ...aMessage, message: "x".repeat(20_000) })).status).toBe(413);
  const stream = new Blob([big]).stream();
  const headers = { "content-type": "application/json" };
  expect((await send("/intake", { method: "POST", headers, body: stream })).status).toBe(413);
});

it("takes the size limit and the origins that may post from the settings", async () => {
  await env.INTAKE_SETTINGS.put(
    "settings",
    JSON.stringify({ maxBytes: 256, allowedOrigins: ["https://partner.example"] }),
  );
  expect((await post({ ...aMessage, message: "x".repeat(300) })).status).toBe(413);
  const allowed = await post(aMessage, { origin: "https://partner.example" });
  expect(allowed.status).toBe(202);
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://partner.example");
  const refused = await post({}, { origin: "https://partner.example" });
  expect(refused.status).toBe(422);
  expect(refused.headers.get("access-control-allow-origin")).toBe("https://partner.example");
});

it("keeps to its defaults when the settings are nonsense", async () => {
  await env.INTAKE_SETTINGS.put("settings", '{"maxBytes": "a lot"}');
  expect((await post(aMessage)).status).toBe(202);
});

it("lets its own pages post and no page of another site", async () => {
  expect((await post(aMessage, { origin: "https://www.example.com" })).status).toBe(202);
  expect((await post(aMessage, { origin: "null" })).status).toBe(202);
  const foreign = await post(aMessage, { origin: "https://evil.example" });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.has("access-control-allow-origin")).toBe(false);
});

it("answers a preflight for an origin that may post", async () => {
  await env.INTAKE_SETTINGS.put("settings", '{"allowedOrigins": ["https://partner.example"]}');
  const response = await send("/intake", {
    method: "OPTIONS",
    headers: { origin: "https://partner.example", "access-control-request-method": "POST" },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe("https://partner.example");
  expect(response.headers.get("access-control-allow-headers")).toContain("idempotency-key");
});

it("thanks a program that fills in the honeypot and keeps nothing", async () => {
  const response = await post({ ...aMessage, website: "https://spam.example" });
  expect(response.status).toBe(202);
  expect(await waiting()).toBe(0);
});

it("takes a repeated post with the same idempotency key once, even after its delivery", async () => {
  const headers = { "idempotency-key": "form-7" };
  const first = await (await post(aMessage, headers)).json();
  expect(await (await post(aMessage, headers)).json()).toEqual(first);
  await pass(0);
  expect(await (await post(aMessage, headers)).json()).toEqual(first);
  await pass(0);
  expect(await backend.received()).toHaveLength(1);
});

it("takes a form that was sent twice once, whoever else wrote the same words", async () => {
  const first = await (await post(aMessage)).json();
  expect(await (await post(aMessage)).json()).toEqual(first);
  expect(await (await post({ ...aMessage, email: "kim@example.org" })).json()).not.toEqual(first);
  expect(await waiting()).toBe(2);
  // A program that names its posts may say the same twice.
  for (const key of ["one", "two"]) await post(aMessage, { "idempotency-key": key });
  expect(await waiting()).toBe(4);
});

it("refuses an idempotency key that belongs to another message of the sender", async () => {
  const headers = { "idempotency-key": "form-7" };
  await post(aMessage, headers);
  const response = await post({ ...aMessage, message: "Something else" }, headers);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: "idempotency-key-reused" });
});

it("says which methods a path has", async () => {
  for (const [method, path, allow] of [
    ["DELETE", "/intake", "POST, OPTIONS"],
    ["GET", "/intake", "POST, OPTIONS"],
    ["POST", "/intake/healthz", "GET, HEAD"],
  ] as const) {
    const response = await send(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
  }
  expect((await send("/intake/else")).status).toBe(404);
});

function formData(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}
