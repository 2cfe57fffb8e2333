import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Cloudflare, startCloudflare } from "../start.ts";

const TOKENS = { write: "write-token-of-the-s3-test", read: "read-token-of-the-s3-test" };
let world: string;
let cloud: Cloudflare;
const keys = new Map<string, string>();

beforeAll(async () => {
  world = mkdtempSync(join(tmpdir(), "s3-"));
  cloud = await startCloudflare({ world, tokens: TOKENS, resolveOrigin: async () => undefined });
  const call = async (token: string, path: string, body?: object) =>
    (
      await fetch(`${cloud.url}/client/v4${path}`, {
        method: body ? "POST" : "GET",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
    ).json();
  await call(TOKENS.write, `/accounts/${cloud.accountId}/r2/buckets`, { name: "bucket" });
  for (const token of Object.values(TOKENS)) {
    const { result } = z
      .object({ result: z.object({ id: z.string() }) })
      .parse(await call(token, "/user/tokens/verify"));
    keys.set(token, result.id);
  }
});
afterAll(async () => {
  await cloud?.close();
  if (world) rmSync(world, { recursive: true, force: true });
});

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A call as any client of S3 signs it. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
async function s3(
  method: string,
  path: string,
  init: { token?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: string; headers: Headers }> {
  const url = new URL(`${cloud.url}/r2${path}`);
  const token = init.token ?? TOKENS.write;
  const at = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = at.slice(0, 8);
  const content = sha256(init.body ?? "");
  const query = [...url.searchParams]
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .sort()
    .join("&");
  const signed = "host;x-amz-content-sha256;x-amz-date";
  const canonical = `${method}\n${url.pathname}\n${query}\nhost:${url.host}\nx-amz-content-sha256:${content}\nx-amz-date:${at}\n\n${signed}\n${content}`;
  const scope = `${day}/auto/s3/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${sha256(token)}`, day), "auto"), "s3"), "aws4_request");
  const signature = createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(canonical)}`)
    .digest("hex");
  const response = await fetch(url, {
    method,
    headers: {
      ...init.headers,
      "x-amz-date": at,
      "x-amz-content-sha256": content,
      authorization: `AWS4-HMAC-SHA256 Credential=${keys.get(token)}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

test("an object is read whole, in part, and looked at", async () => {
  await s3("PUT", "/bucket/data/one", { body: "0123456789" });
  expect(await s3("GET", "/bucket/data/one")).toMatchObject({ status: 200, body: "0123456789" });
  const part = async (range: string) => s3("GET", "/bucket/data/one", { headers: { range } });
  const middle = await part("bytes=2-4");
  expect(middle).toMatchObject({ status: 206, body: "234" });
  expect(middle.headers.get("content-range")).toBe("bytes 2-4/10");
  expect((await part("bytes=7-")).body).toBe("789");
  expect((await part("bytes=-2")).body).toBe("89");
  expect((await part("bytes=8-99")).body).toBe("89");
  expect(await part("bytes=10-11")).toMatchObject({ status: 416 });
  const head = await s3("HEAD", "/bucket/data/one");
  expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "10", ""]);
  expect((await s3("HEAD", "/bucket/data/none")).status).toBe(404);
  expect((await s3("HEAD", "/bucket/")).status).toBe(200);
});

test("a long list comes in pages, folders counted once", async () => {
  for (const name of ["a/1", "a/2", "b", "c", "d"]) await s3("PUT", `/bucket/list/${name}`, { body: name });
  const names: string[] = [];
  let token: string | undefined;
  let pages = 0;
  do {
    const after = token === undefined ? "" : `&continuation-token=${token}`;
    const { body } = await s3("GET", `/bucket/?list-type=2&prefix=list%2F&delimiter=%2F&max-keys=2${after}`);
    names.push(
      ...[...body.matchAll(/<(?:Key|CommonPrefixes><Prefix)>([^<]+)</g)].map(([, name]) => name ?? ""),
    );
    token = /<NextContinuationToken>([^<]+)</.exec(body)?.[1];
    pages++;
  } while (token !== undefined);
  expect(names).toEqual(["list/a/", "list/b", "list/c", "list/d"]);
  expect(pages).toBe(2);
});

test("a token that reads can't write, and one that is none gets nothing", async () => {
  expect(await s3("PUT", "/bucket/no", { token: TOKENS.read, body: "x" })).toMatchObject({ status: 403 });
  expect(await s3("GET", "/bucket/data/one", { token: TOKENS.read })).toMatchObject({ status: 200 });
  expect(await s3("GET", "/bucket/data/one", { token: "nobody's" })).toMatchObject({ status: 401 });
  await s3("DELETE", "/bucket/data/one");
  expect(await s3("GET", "/bucket/data/one")).toMatchObject({ status: 404 });
});
