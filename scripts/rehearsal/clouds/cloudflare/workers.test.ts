import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "./start.ts";
import { openVisitor } from "./visitor.ts";

/** Workers through the API's own calls, without wrangler. */
const folder = mkdtempSync(join(tmpdir(), "workers-"));
let cloud: Cloudflare;
let visit: ReturnType<typeof openVisitor>;

beforeAll(async () => {
  cloud = await startCloudflare({
    world: folder,
    tokens: { write: "write", read: "read" },
    resolveOrigin: async () => undefined,
  });
  visit = openVisitor(cloud.edge);
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const Envelope = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })),
  result: z.looseObject({ id: z.string().optional() }).nullable(),
});

async function api(method: string, path: string, body?: unknown) {
  const form = body instanceof FormData;
  const response = await fetch(`${cloud.url}/client/v4/accounts/${cloud.accountId}/workers/scripts${path}`, {
    method,
    headers: { authorization: "Bearer write" },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  return Envelope.parse(await response.json());
}

function upload(source: string, metadata: object = {}): FormData {
  const form = new FormData();
  form.set(
    "metadata",
    JSON.stringify({ main_module: "index.js", compatibility_date: "2026-01-01", ...metadata }),
  );
  form.set("index.js", new File([source], "index.js", { type: "application/javascript+module" }));
  return form;
}
const says = (word: string) =>
  `export default { fetch: (request, env) => new Response("${word} " + (env.KEY ?? "")) };`;
const text = async (host: string) => (await visit(`https://${host}.quayside.workers.dev/`)).text;

test("a version is previewed at its own address before it is deployed, and at its alias", async () => {
  await api("PUT", "/hello", upload(says("one")));
  expect(await text("hello")).toContain("Error code 1042");
  await api("POST", "/hello/subdomain", { enabled: true, previews_enabled: true });
  const annotations = { "workers/alias": "pr-7" };
  const version =
    (await api("POST", "/hello/versions", upload(says("two"), { annotations }))).result?.id ?? "";
  expect(await text("hello")).toBe("one ");
  expect(await text(`${version.slice(0, 8)}-hello`)).toBe("two ");
  expect(await text("pr-7-hello")).toBe("two ");
  await api("POST", "/hello/deployments", {
    strategy: "percentage",
    versions: [{ version_id: version, percentage: 100 }],
  });
  expect(await text("hello")).toBe("two ");
});

test("a Worker that can't even start is alone in its trouble", async () => {
  await api("PUT", "/broken", upload('throw new Error("at the top"); export default {};'));
  await api("POST", "/broken/subdomain", { enabled: true });
  expect(await text("broken")).toContain("Error code 1101");
  expect(await text("hello")).toBe("two ");
  await api("PUT", "/broken", upload(says("mended")));
  expect(await text("broken")).toBe("mended ");
});

test("a rollback across a changed secret asks for force", async () => {
  const first = await api("PUT", "/keyed", upload(says("keyed")));
  expect(first.success).toBe(true);
  await api("POST", "/keyed/subdomain", { enabled: true });
  await api("PUT", "/keyed/secrets", { name: "KEY", text: "old", type: "secret_text" });
  const listed = await api("GET", "/keyed/deployments");
  const [
    {
      versions: [before],
    },
  ] = z
    .tuple([z.object({ versions: z.tuple([z.object({ version_id: z.string() })]) })])
    .rest(z.unknown())
    .parse(listed.result?.deployments);
  await api("PUT", "/keyed/secrets", { name: "KEY", text: "new", type: "secret_text" });
  expect(await text("keyed")).toBe("keyed new");
  const rollback = { strategy: "percentage", versions: [{ version_id: before.version_id, percentage: 100 }] };
  const refused = await api("POST", "/keyed/deployments", rollback);
  expect(refused.errors).toMatchObject([{ code: 10220, message: expect.stringContaining("changed: KEY") }]);
  expect((await api("POST", "/keyed/deployments?force=true", rollback)).success).toBe(true);
  expect(await text("keyed")).toBe("keyed old");
  expect(JSON.stringify(await api("GET", "/keyed/settings"))).not.toContain("old");
});

test("script settings are changed one by one", async () => {
  await api("PUT", "/tagged", upload(says("x")));
  expect((await api("PATCH", "/tagged/script-settings", { tags: ["a"] })).success).toBe(true);
  expect(
    (await api("PATCH", "/tagged/script-settings", { observability: { enabled: true } })).result,
  ).toMatchObject({
    tags: ["a"],
    observability: { enabled: true },
  });
});

test("only the hundred newest versions can be deployed", async () => {
  await api("PUT", "/many", upload(says("0")));
  const versions: string[] = [];
  for (let i = 0; i <= 100; i++)
    versions.push((await api("POST", "/many/versions", upload(says(String(i))))).result?.id ?? "");
  const deploy = (version_id: string | undefined) =>
    api("POST", "/many/deployments", { strategy: "percentage", versions: [{ version_id, percentage: 100 }] });
  expect((await deploy(versions[0])).errors).toMatchObject([{ code: 100147 }]);
  expect((await deploy(versions[1])).success).toBe(true);
});

test("what a script binds has to exist, and a migration needs a whole deploy", async () => {
  const bind = (binding: object) => api("PUT", "/bound", upload(says("x"), { bindings: [binding] }));
  expect((await bind({ type: "kv_namespace", name: "KV", namespace_id: "none" })).errors[0]?.code).toBe(
    10041,
  );
  expect((await bind({ type: "d1", name: "DB", id: "none" })).errors[0]?.code).toBe(10181);
  const object = { type: "durable_object_namespace", name: "DO", class_name: "Thing" };
  expect((await bind(object)).errors[0]?.code).toBe(10061);
  expect((await api("GET", "/bound/settings")).errors[0]?.code).toBe(10007);
  const migrations = { new_tag: "v1", steps: [{ new_sqlite_classes: ["Thing"] }] };
  expect((await api("POST", "/hello/versions", upload(says("x"), { migrations }))).errors[0]?.code).toBe(
    10211,
  );
});

test("a rollback across a Durable Object migration is refused", async () => {
  const source = `import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {}
export default { fetch: () => new Response("thing") };`;
  const first = await api("PUT", "/moving", upload(source));
  const id = String(first.result?.deployment_id);
  const version_id = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const rollback = { strategy: "percentage", versions: [{ version_id, percentage: 100 }] };
  await api("PUT", "/moving", upload(`${source}// two`));
  expect((await api("POST", "/moving/deployments", rollback)).success).toBe(true);
  const migrations = { new_tag: "v1", steps: [{ new_sqlite_classes: ["Thing"] }] };
  expect((await api("PUT", "/moving", upload(source, { migrations }))).success).toBe(true);
  expect((await api("POST", "/moving/deployments", rollback)).errors).toMatchObject([{ code: 100140 }]);
});

test("a Worker asks Turnstile, reaches its zone's origin past its own route, and never the real network", async () => {
  const source = `export default { async fetch(request) {
    const verify = async (secret) => (await (await fetch("https://challenges.cloudflare.com/turnstile/v0/siteverify", {
      method: "POST", body: new URLSearchParams({ secret, response: "XXXX.DUMMY.TOKEN.XXXX" }),
    })).json()).success;
    const statuses = [];
    for (const url of ["https://app.example.com/", "https://www.real.test/"]) statuses.push((await fetch(url)).status);
    return Response.json([await verify("1x0000000000000000000000000000000AA"), await verify("unknown"), ...statuses]);
  } };`;
  await api("PUT", "/asking", upload(source));
  const inZone = (path: string, body: object) =>
    fetch(`${cloud.url}/client/v4/zones/${cloud.zoneId}${path}`, {
      method: "POST",
      headers: { authorization: "Bearer write" },
      body: JSON.stringify(body),
    });
  await inZone("/dns_records", { name: "app", type: "A", content: "192.0.2.1", proxied: true, ttl: 1 });
  await inZone("/workers/routes", { pattern: "app.example.com/*", script: "asking" });
  // Nobody stands for 192.0.2.1 here, so the origin's place is taken by error 522.
  expect(JSON.parse((await visit("https://app.example.com/")).text)).toEqual([true, false, 522, 530]);
});
