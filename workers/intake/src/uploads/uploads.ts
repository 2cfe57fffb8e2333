import * as z from "zod/mini";
import { readFields } from "../body.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { count } from "../metrics.ts";
import { corsHeaders } from "../origin.ts";
import { Problem } from "../problem.ts";
import { readSettings } from "../settings.ts";
import { admitPerson } from "../turnstile.ts";
import { readSignedUrl, signUrl } from "./signed-url.ts";

const UPLOAD_SECONDS = 900;

const Wish = z.object({
  name: z.string().check(z.trim(), z.minLength(1), z.maxLength(200), z.regex(/^[^\p{Cc}/\\]*$/u)),
  type: z.string(),
  size: z.coerce.number().check(z.int(), z.gte(1)),
});

/**
 * `POST /intake/uploads` with `{name, type, size}`: 201 with the file's id and a URL where exactly that can be put within a
 * quarter of an hour.
 *
 * @throws Problem 404 where the stack has no bucket for files; 403, 413, 415, 422
 */
export async function grantUpload(request: Request, env: Env): Promise<Response> {
  const { keys } = configured(env);
  const { settings } = await readSettings(env.INTAKE_SETTINGS);
  const cors = corsHeaders(request, settings.allowedOrigins);
  return withCors(cors, async () => {
    const fields = await readFields(request, settings.maxBytes);
    const wish = Wish.safeParse(fields);
    if (!wish.success) {
      throw new Problem("invalid-upload", "A file needs a name, a media type and a size in bytes.", {
        errors: wish.error.issues.map((issue) => ({
          field: String(issue.path[0] ?? ""),
          message: `The file's ${String(issue.path[0] ?? "description")} is missing or not right.`,
        })),
      });
    }
    const file = wish.data;
    if (!settings.uploadTypes.includes(file.type)) {
      throw new Problem("unsupported-file-type", `A file may be ${settings.uploadTypes.join(", ")}.`);
    }
    if (file.size > settings.maxUploadBytes) {
      throw new Problem("too-large", `A file may have ${settings.maxUploadBytes} bytes at most.`);
    }
    const id = crypto.randomUUID();
    await admitPerson(request, fields, env, id);
    const expires = Math.floor(Date.now() / 1000) + UPLOAD_SECONDS;
    const url = await signUrl(new URL(request.url).origin, keys, { method: "PUT", id, expires, file });
    return Response.json(
      { id, url, method: "PUT", expiresAt: new Date(expires * 1000).toISOString() },
      { status: 201, headers: { ...cors, "cache-control": "no-store" } },
    );
  });
}

/**
 * `PUT` to a signed URL: 204 when the file is stored. What is there already is not replaced.
 *
 * @throws Problem 403 when the URL is not signed or has run out; 409, 411, 413, 415
 */
export async function putUpload(request: Request, env: Env, id: string): Promise<Response> {
  const { bucket, keys } = configured(env);
  const { settings } = await readSettings(env.INTAKE_SETTINGS);
  const cors = corsHeaders(request, settings.allowedOrigins);
  return withCors(cors, async () => {
    const grant = await readSignedUrl(new URL(request.url), "PUT", id, keys, Date.now());
    if (!grant?.file) throw refusal();
    const { name, type, size } = grant.file;
    const length = request.headers.get("content-length");
    if (length === null || !request.body)
      throw new Problem("length-required", "A file has to be sent with its length.");
    if (Number(length) !== size) throw new Problem("other-size", `This URL takes a file of ${size} bytes.`);
    if (request.headers.get("content-type") !== type)
      throw new Problem("other-type", `This URL takes a file of the type ${type}.`);
    // R2 itself counts: a body of another length than declared is not stored.
    const stored = await bucket.put(id, request.body, {
      httpMetadata: { contentType: type },
      customMetadata: { name },
      onlyIf: new Headers({ "if-none-match": "*" }),
    });
    if (stored === null) throw new Problem("stored-already", "This file was stored before.");
    log("uploaded", { id, bytes: size });
    count(env, "uploaded", { code: type });
    return new Response(null, { status: 204, headers: cors });
  });
}

/**
 * `GET` of a signed URL, as the application finds it in a delivery: the file.
 *
 * @throws Problem 403 when the URL is not signed or has run out; 404
 */
export async function getUpload(request: Request, env: Env, id: string): Promise<Response> {
  const { bucket, keys } = configured(env);
  if (!(await readSignedUrl(new URL(request.url), "GET", id, keys, Date.now()))) throw refusal();
  const file = await bucket.get(id);
  if (!file) throw new Problem("not-found", "There is no such file any more.");
  const name = encodeURIComponent(file.customMetadata?.name ?? id).replaceAll("'", "%27");
  return new Response(file.body, {
    headers: {
      "content-type": file.httpMetadata?.contentType ?? "application/octet-stream",
      "content-length": String(file.size),
      // A stranger's file must never run as a page of this site.
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
    },
  });
}

/** @throws Problem 404 unless the stack has a bucket for files and a key to sign URLs with */
function configured(env: Env): { bucket: R2Bucket; keys: string } {
  if (!env.INTAKE_UPLOADS || !env.INTAKE_SIGNING_KEY)
    throw new Problem("not-found", "Files can't be sent here.");
  return { bucket: env.INTAKE_UPLOADS, keys: env.INTAKE_SIGNING_KEY };
}

function refusal(): Problem {
  return new Problem("url-not-valid", "This URL is not right, or it has run out. Ask for a new one.");
}

async function withCors(cors: Record<string, string>, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) Object.assign(error.headers, cors);
    throw error;
  }
}
