import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { ApiError } from "../../envelope.ts";
import { hexId } from "../../ids.ts";
import type { CloudState } from "../../state.ts";

const LIFETIME_SECONDS = 1800;
/** Files a site on the free plan may have: https://developers.cloudflare.com/pages/platform/limits/ */
const MAX_FILES = 20000;
const Payload = z.object({ project: z.string(), exp: z.number() });

function key(state: CloudState): string {
  const meta = state.store.collection<{ value: string }>("meta");
  return (meta.get("pages-key") ?? meta.put("pages-key", { value: hexId() })).value;
}

function sign(state: CloudState, text: string): string {
  return createHmac("sha256", key(state)).update(text).digest("base64url");
}

/** A JWT with which one project's assets may be uploaded for half an hour. */
export function issueToken(state: CloudState, project: string): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(state.now().getTime() / 1000);
  const payload = {
    account: state.accountId,
    project,
    iat: now,
    exp: now + LIFETIME_SECONDS,
    max_file_count_allowed: MAX_FILES,
  };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(payload)}`;
  return `${text}.${sign(state, text)}`;
}

/** @throws ApiError 401 (8000013) for a token that is forged, foreign or too old */
export function checkToken(state: CloudState, authorization: string | undefined): void {
  const [, text = "", signature = ""] = /^Bearer ([\w-]+\.[\w-]+)\.([\w-]+)$/.exec(authorization ?? "") ?? [];
  const expected = Buffer.from(sign(state, text));
  const given = Buffer.from(signature);
  if (expected.length === given.length && timingSafeEqual(expected, given)) {
    const payload = Payload.parse(JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString()));
    if (payload.exp * 1000 > state.now().getTime()) return;
  }
  throw new ApiError(401, 8000013, "Authorization failed");
}
