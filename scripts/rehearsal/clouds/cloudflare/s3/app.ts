import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { tokenByAccessKey } from "../api/auth.ts";
import type { CloudState } from "../state.ts";
import { unchunked } from "./chunked.ts";
import { signatureOf } from "./signature.ts";

interface StoredObject {
  key: string;
  /** Of the content, in the account's blobs. */
  digest: string;
  size: number;
  etag: string;
  type: string;
  at: string;
}

/**
 * R2's S3 interface (https://developers.cloudflare.com/r2/api/s3/api/), as far as Pulumi keeps a state and restic backups
 * with it: list in pages, read whole or in part, write, copy and delete, by path. No uploads in parts. The access key is an API token's id and the SHA-256 of its value, and may do what that token may.
 */
export function s3(state: CloudState): Hono {
  const api = new Hono();
  const objects = (bucket: string) => state.store.collection<StoredObject>(`r2-objects/${bucket}`);
  api.use("/:bucket/*", async (c, next) => {
    const signature = signatureOf(c.req.raw);
    const token = signature && tokenByAccessKey(state, signature.accessKeyId);
    if (!signature || !token) return refuse(c, 401, "Unauthorized", "Unauthorized");
    const secret = createHash("sha256").update(token.value).digest("hex");
    if (!signature.by(secret))
      return refuse(
        c,
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the one you provided.",
      );
    const level = token.status === "active" ? token.permissions["Workers R2 Storage"] : "none";
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    if (level !== "edit" && !(reads && level === "read"))
      return refuse(c, 403, "AccessDenied", "Access Denied");
    if (!state.r2.get(c.req.param("bucket")))
      return refuse(c, 404, "NoSuchBucket", "The specified bucket does not exist.");
    return next();
  });
  for (const path of ["/:bucket/", "/:bucket"])
    api.get(path, (c) =>
      c.req.query("location") === undefined
        ? list(c, objects(c.req.param("bucket") ?? "").list())
        : xml(
            c,
            200,
            `<LocationConstraint>${state.r2.get(c.req.param("bucket") ?? "")?.location}</LocationConstraint>`,
          ),
    );
  api.get("/:bucket/*", (c) => {
    const found = objects(c.req.param("bucket")).get(keyOf(c));
    if (!found) return refuse(c, 404, "NoSuchKey", "The specified key does not exist.");
    const whole = state.blobs.get(found.digest);
    const range = c.req.header("range");
    if (range === undefined) return c.body(new Uint8Array(whole), 200, headersOf(found));
    const part = partOf(range, whole.length);
    if (!part) return refuse(c, 416, "InvalidRange", "The requested range is not satisfiable");
    const [from, to] = part;
    return c.body(new Uint8Array(whole.subarray(from, to + 1)), 206, {
      ...headersOf(found),
      "content-length": String(to + 1 - from),
      "content-range": `bytes ${from}-${to}/${whole.length}`,
    });
  });
  api.put("/:bucket/*", async (c) => {
    const bucket = objects(c.req.param("bucket"));
    const source = c.req.header("x-amz-copy-source");
    if (source !== undefined) {
      const original = bucket.get(decodeURIComponent(source).replace(/^\/?[^/]+\//, ""));
      if (!original) return refuse(c, 404, "NoSuchKey", "The specified key does not exist.");
      const copy = bucket.put(keyOf(c), { ...original, key: keyOf(c), at: state.timestamp() });
      return xml(
        c,
        200,
        `<CopyObjectResult><ETag>${copy.etag}</ETag><LastModified>${copy.at}</LastModified></CopyObjectResult>`,
      );
    }
    const sent = Buffer.from(await c.req.arrayBuffer());
    const streams = c.req.header("x-amz-content-sha256")?.startsWith("STREAMING-") === true;
    const content = streams ? unchunked(sent) : sent;
    const etag = `"${createHash("md5").update(content).digest("hex")}"`;
    bucket.put(keyOf(c), {
      key: keyOf(c),
      digest: state.blobs.put(content),
      size: content.length,
      etag,
      type: c.req.header("content-type") ?? "application/octet-stream",
      at: state.timestamp(),
    });
    return c.body(null, 200, { etag });
  });
  api.delete("/:bucket/*", (c) => {
    objects(c.req.param("bucket")).delete(keyOf(c));
    return c.body(null, 204);
  });
  return api;
}

function keyOf(c: Context): string {
  const path = new URL(c.req.url).pathname;
  return decodeURIComponent(
    path.slice(path.indexOf(`/${c.req.param("bucket")}/`) + (c.req.param("bucket")?.length ?? 0) + 2),
  );
}

function headersOf({ size, etag, type, at }: StoredObject): Record<string, string> {
  return {
    "content-length": String(size),
    "content-type": type,
    "last-modified": new Date(at).toUTCString(),
    etag,
  };
}

/** First and last byte of a range header with one range; undefined where there is no such part. RFC 9110, 14.1.2. */
function partOf(header: string, size: number): [number, number] | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === "" && to === "") return undefined;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first < size && first <= last ? [first, last] : undefined;
}

/** ListObjectsV2, and what restic asks for of its first version: the same with `marker` for the key to go on after. */
function list(c: Context, all: StoredObject[]): Response {
  const prefix = c.req.query("prefix") ?? "";
  const delimiter = c.req.query("delimiter") ?? "";
  const most = Math.min(1000, Number(c.req.query("max-keys") ?? 1000));
  const token = c.req.query("continuation-token");
  const after =
    token === undefined ? (c.req.query("start-after") ?? c.req.query("marker") ?? "") : keyIn(token);
  const folderOf = (key: string) => {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : key.slice(0, end + delimiter.length);
  };
  const within = all.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));
  // A folder counts once, as its own name.
  const entries = new Map(within.map((object) => [folderOf(object.key) ?? object.key, object]));
  const left = [...entries].filter(([name]) => name > after);
  const page = left.slice(0, most);
  const isTruncated = left.length > page.length;
  return xml(
    c,
    200,
    [
      "<ListBucketResult>",
      `<Name>${escaped(c.req.param("bucket") ?? "")}</Name><Prefix>${escaped(prefix)}</Prefix>`,
      `<KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>`,
      ...(isTruncated
        ? [`<NextContinuationToken>${tokenOf(page.at(-1)?.[0] ?? "")}</NextContinuationToken>`]
        : []),
      ...page.map(([name, { key, at, etag, size }]) =>
        name === key
          ? `<Contents><Key>${escaped(key)}</Key><LastModified>${at}</LastModified><ETag>${escaped(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
          : `<CommonPrefixes><Prefix>${escaped(name)}</Prefix></CommonPrefixes>`,
      ),
      "</ListBucketResult>",
    ].join(""),
  );
}

const tokenOf = (key: string) => Buffer.from(key).toString("base64url");
const keyIn = (token: string) => Buffer.from(token, "base64url").toString();

function refuse(c: Context, status: 401 | 403 | 404 | 416, code: string, message: string): Response {
  return xml(c, status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function xml(c: Context, status: 200 | 401 | 403 | 404 | 416, body: string): Response {
  return c.body(`<?xml version="1.0" encoding="UTF-8"?>${body}`, status, {
    "content-type": "application/xml",
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
