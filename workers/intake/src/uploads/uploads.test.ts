import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { backend } from "../../test/backend.ts";
import { cleanWorldForEach } from "../../test/clean-world.ts";
import { aMessage, INTAKE, pass, post, send } from "../../test/intake.ts";
import type { Env } from "../env.ts";
import { grantUpload } from "./uploads.ts";

const bound: Env = env;

cleanWorldForEach();

const photo = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const wish = { name: "Tern's hull.jpg", type: "image/jpeg", size: photo.length };

function ask(fields: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
  return send("/intake/uploads", { ...init, body: JSON.stringify(fields) });
}

async function granted(): Promise<{ id: string; url: string }> {
  const response = await ask(wish);
  expect(response.status).toBe(201);
  return response.json();
}

function put(url: string, body: BodyInit = photo, type = wish.type): Promise<Response> {
  return send(url, { method: "PUT", headers: { "content-type": type }, body });
}

it("keeps a file and hands it to the application with the message that names it", async () => {
  const { id, url } = await granted();
  expect((await put(url)).status).toBe(204);
  expect((await post({ ...aMessage, attachments: [id] })).status).toBe(202);
  await pass(0);
  const [delivery] = await backend.received();
  const { message } = JSON.parse(delivery?.body ?? "");
  expect(message).toMatchObject({ ...aMessage, attachments: [{ id, ...wish }] });
  const file = await send(message.attachments[0].url);
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(photo);
  expect(Object.fromEntries(file.headers)).toMatchObject({
    "content-type": "image/jpeg",
    "content-disposition": "attachment; filename*=UTF-8''Tern%27s%20hull.jpg",
    "x-content-type-options": "nosniff",
  });
});

it("takes the ids as a form has them", async () => {
  const { id, url } = await granted();
  await put(url);
  const body = new URLSearchParams({ ...aMessage, attachments: id });
  expect((await send("/intake", { method: "POST", body })).status).toBe(202);
});

it("stores nothing but what was asked for, once", async () => {
  const { url } = await granted();
  const changed = (change: (url: URL) => void) => {
    const other = new URL(url);
    change(other);
    return other.href;
  };
  const cases: [string, Promise<Response>, number][] = [
    ["a longer file", put(url, new Uint8Array(8)), 413],
    ["another type", put(url, photo, "text/html"), 415],
    ["a larger size in the URL", put(changed((other) => other.searchParams.set("size", "8"))), 403],
    ["another type in the URL", put(changed((other) => other.searchParams.set("type", "text/html"))), 403],
    ["a later end", put(changed((other) => other.searchParams.set("expires", "9999999999"))), 403],
    ["no signature", put(changed((other) => other.searchParams.delete("signature"))), 403],
    ["another id", put(url.replace(/uploads\/\w{8}/, "uploads/00000000")), 403],
    ["reading with a URL for writing", send(url), 403],
  ];
  for (const [what, response, status] of cases) expect((await response).status, what).toBe(status);
  expect((await bound.INTAKE_UPLOADS?.list())?.objects).toEqual([]);
  expect((await put(url)).status).toBe(204);
  expect((await put(url)).status).toBe(409);
});

it("needs a length", async () => {
  const { url } = await granted();
  // A stream whose end nobody knows beforehand.
  const stream = new Blob([photo]).stream().pipeThrough(new TransformStream<Uint8Array, Uint8Array>());
  expect((await put(url, stream)).status).toBe(411);
});

it("lets a URL run out after a quarter of an hour", async () => {
  const { url } = await granted();
  vi.setSystemTime(Date.now() + 901_000);
  expect(await (await put(url)).json()).toMatchObject({ status: 403, code: "url-not-valid" });
});

it.each([
  [{ ...wish, type: "text/html" }, 415, "unsupported-file-type"],
  [{ ...wish, size: 10_000_001 }, 413, "too-large"],
  [{ ...wish, size: 0 }, 422, "invalid-upload"],
  [{ ...wish, name: "../../etc/passwd" }, 422, "invalid-upload"],
  [{}, 422, "invalid-upload"],
])("grants no URL for %j", async (fields, status, code) => {
  expect(await (await ask(fields)).json()).toMatchObject({ status, code });
});

it("grants no URL to a page that may not post here", async () => {
  expect((await ask(wish, { origin: "https://evil.example" })).status).toBe(403);
});

it.each([[["00000000-0000-4000-8000-000000000000"]], [["../x"]], ["x,y"], [[7]]])(
  "refuses a message with files that are not there: %j",
  async (attachments) => {
    const response = await post({ ...aMessage, attachments });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ field: "attachments" }] });
  },
);

it("is not there for a stack without a bucket or a key", async () => {
  const request = () => new Request(`${INTAKE}/uploads`, { method: "POST", body: JSON.stringify(wish) });
  for (const missing of [{ INTAKE_UPLOADS: undefined }, { INTAKE_SIGNING_KEY: undefined }])
    await expect(grantUpload(request(), { ...env, ...missing })).rejects.toMatchObject({ status: 404 });
});
