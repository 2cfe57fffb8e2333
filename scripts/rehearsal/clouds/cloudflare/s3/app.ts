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
 * R2's S3 interface (https://developers.cloudflare.com/r2/api/s3/api/), as far as Pulumi keeps a state with it: list, read,
 * write, copy and delete, by path. The access key is an API token's id and the SHA-256 of its value, and may do what that token may.
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
  api.get("/:bucket/", (c) => list(c, objects(c.req.param("bucket")).list()));
  api.get("/:bucket", (c) => list(c, objects(c.req.param("bucket")).list()));
  api.get("/:bucket/*", (c) => {
    const found = objects(c.req.param("bucket")).get(keyOf(c));
    if (!found) return refuse(c, 404, "NoSuchKey", "The specified key does not exist.");
    return c.body(new Uint8Array(state.blobs.get(found.digest)), 200, headersOf(found));
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

/** ListObjectsV2; all of a bucket is one page. */
function list(c: Context, all: StoredObject[]): Response {
  const prefix = c.req.query("prefix") ?? "";
  const delimiter = c.req.query("delimiter") ?? "";
  const within = all.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const folderOf = (key: string) => {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : key.slice(0, end + delimiter.length);
  };
  const folders = [...new Set(within.flatMap(({ key }) => folderOf(key) ?? []))];
  const files = within.filter(({ key }) => folderOf(key) === undefined);
  return xml(
    c,
    200,
    [
      "<ListBucketResult>",
      `<Name>${escaped(c.req.param("bucket") ?? "")}</Name><Prefix>${escaped(prefix)}</Prefix>`,
      `<KeyCount>${files.length + folders.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>`,
      ...files.map(
        ({ key, at, etag, size }) =>
          `<Contents><Key>${escaped(key)}</Key><LastModified>${at}</LastModified><ETag>${escaped(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      ),
      ...folders.map((folder) => `<CommonPrefixes><Prefix>${escaped(folder)}</Prefix></CommonPrefixes>`),
      "</ListBucketResult>",
    ].join(""),
  );
}

function refuse(c: Context, status: 401 | 403 | 404, code: string, message: string): Response {
  return xml(c, status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

function xml(c: Context, status: 200 | 401 | 403 | 404, body: string): Response {
  return c.body(`<?xml version="1.0" encoding="UTF-8"?>${body}`, status, {
    "content-type": "application/xml",
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
