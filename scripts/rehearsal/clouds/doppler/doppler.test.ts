// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Doppler refers to secrets with the same signs
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { Listening } from "../base/serve.ts";
import { startDoppler } from "./start.ts";

const OWNER = "dp.pt.owner";
let world: string;
let doppler: Listening;
beforeEach(async () => {
  world = mkdtempSync(join(tmpdir(), "quayside-doppler-"));
  doppler = await startDoppler({ world, token: OWNER });
  await call("POST", "/projects", { name: "quayside" });
});
afterEach(async () => {
  await doppler.close();
  rmSync(world, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: object, authorization = `Bearer ${OWNER}`) {
  const response = await fetch(`${doppler.url}/v3${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const parsed: unknown = text.startsWith("{") ? JSON.parse(text) : text;
  return { status: response.status, body: parsed, headers: response.headers };
}
const at = { project: "quayside", config: "dev" };
const query = "project=quayside&config=dev";
const update = (secrets: object, authorization?: string) =>
  call("POST", "/configs/config/secrets", { ...at, secrets }, authorization);
const Token = z.object({ token: z.object({ key: z.string(), slug: z.string() }) });
const serviceToken = async (access: string) =>
  Token.parse((await call("POST", "/configs/config/tokens", { ...at, name: "ci", access })).body).token;

test("a project comes with environments and their root configs", async () => {
  expect((await call("GET", "/environments?project=quayside")).body).toMatchObject({
    environments: [{ slug: "dev" }, { slug: "stg" }, { slug: "prd" }],
  });
  expect((await call("GET", "/configs?project=quayside")).body).toMatchObject({
    configs: [{ name: "dev", root: true, environment: "dev" }, { name: "stg" }, { name: "prd" }],
  });
});

test("secrets are updated, computed from each other, listed and deleted", async () => {
  await update({ HOST: "app.example.com", URL: "https://${HOST}/", GONE: "x" });
  await update({ GONE: null });
  const { body } = await call("GET", `/configs/config/secrets?${query}`);
  expect(body).toMatchObject({
    success: true,
    secrets: {
      URL: { raw: "https://${HOST}/", computed: "https://app.example.com/" },
      DOPPLER_CONFIG: { computed: "dev" },
    },
  });
  expect((await call("GET", `/configs/config/secrets/names?${query}`)).body).toMatchObject({
    names: ["DOPPLER_CONFIG", "DOPPLER_ENVIRONMENT", "DOPPLER_PROJECT", "HOST", "URL"],
  });
  expect((await call("DELETE", `/configs/config/secret?${query}&name=HOST`)).status).toBe(204);
  expect((await call("GET", `/configs/config/secret?${query}&name=HOST`)).status).toBe(404);
});

test("downloads come as JSON or as an env file", async () => {
  await update({ A: 'say "hi"', B: "two\nlines" });
  expect((await call("GET", `/configs/config/secrets/download?${query}&format=json`)).body).toEqual({
    A: 'say "hi"',
    B: "two\nlines",
    DOPPLER_CONFIG: "dev",
    DOPPLER_ENVIRONMENT: "dev",
    DOPPLER_PROJECT: "quayside",
  });
  const env = (await call("GET", `/configs/config/secrets/download?${query}&format=env`)).body;
  expect(env).toContain('A="say \\"hi\\""\nB="two\\nlines"\n');
});

test("a branch config has its root's secrets until it has its own", async () => {
  await update({ A: "root", B: "root" });
  expect(
    (await call("POST", "/configs", { project: "quayside", environment: "dev", name: "x" })).status,
  ).toBe(400);
  await call("POST", "/configs", { project: "quayside", environment: "dev", name: "dev_ann" });
  await call("POST", "/configs/config/secrets", { ...at, config: "dev_ann", secrets: { B: "ann" } });
  const download = "/configs/config/secrets/download?project=quayside&config=dev_ann";
  expect((await call("GET", download)).body).toMatchObject({ A: "root", B: "ann" });
});

test("a service token knows its config only, reads or writes, by Bearer or Basic, until it is deleted", async () => {
  await update({ A: "1" });
  const reader = await serviceToken("read");
  const bearer = `Bearer ${reader.key}`;
  const basic = `Basic ${Buffer.from(`${reader.key}:`).toString("base64")}`;
  for (const authorization of [bearer, basic])
    expect(
      (await call("GET", "/configs/config/secrets/download", undefined, authorization)).body,
    ).toMatchObject({
      A: "1",
    });
  expect((await update({ A: "2" }, bearer)).status).toBe(403);
  const other = "/configs/config/secrets?project=quayside&config=prd";
  expect((await call("GET", other, undefined, bearer)).status).toBe(403);
  expect((await call("GET", "/projects", undefined, bearer)).status).toBe(403);
  const writer = await serviceToken("read/write");
  expect((await update({ A: "2" }, `Bearer ${writer.key}`)).status).toBe(200);
  expect((await call("DELETE", "/configs/config/tokens", { ...at, slug: reader.slug })).status).toBe(204);
  expect((await call("GET", "/me", undefined, bearer)).status).toBe(401);
});

test("errors say what is wrong in Doppler's form", async () => {
  expect(await call("GET", "/projects", undefined, "Bearer wrong")).toMatchObject({
    status: 401,
    body: { success: false, messages: [expect.any(String)] },
  });
  expect((await call("GET", "/configs/config/secrets?project=quayside&config=moon")).status).toBe(404);
  expect((await call("POST", "/projects", { name: "quayside" })).status).toBe(409);
  expect((await update({ "bad-name": "x" })).status).toBe(400);
  expect((await update({ DOPPLER_PROJECT: "x" })).status).toBe(400);
});

test("lists have pages", async () => {
  for (let n = 0; n < 20; n++) await call("POST", "/projects", { name: `p${n}` });
  expect((await call("GET", "/projects?page=2")).body).toMatchObject({
    page: 2,
    projects: [{ name: "p19" }],
  });
});

test("every answer tells the limit, and too many calls in a minute are refused", async () => {
  await doppler.close();
  doppler = await startDoppler({
    world,
    token: OWNER,
    rateLimit: 2,
    now: () => new Date("2026-10-01T12:00:30Z"),
  });
  const first = await call("GET", "/me");
  expect([first.headers.get("x-ratelimit-limit"), first.headers.get("x-ratelimit-remaining")]).toEqual([
    "2",
    "1",
  ]);
  await call("GET", "/me");
  const refused = await call("GET", "/me");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
});

test("no secret lies in the world's folder in clear", async () => {
  await update({ A: "canary-0815" });
  const { key } = await serviceToken("read");
  await doppler.close();
  const files = readdirSync(world).map((file) => readFileSync(join(world, file)).toString("latin1"));
  expect(files.length).toBeGreaterThan(1);
  expect(files.filter((content) => content.includes("canary-0815") || content.includes(key))).toEqual([]);
  doppler = await startDoppler({ world, token: OWNER });
  expect((await call("GET", `/configs/config/secrets/download?${query}`)).body).toMatchObject({
    A: "canary-0815",
  });
});
