import type { CloudState } from "../state.ts";
import type { Visit } from "./visit.ts";

export const CHALLENGES_HOST = "challenges.cloudflare.com";
/** Cloudflare's secrets for tests and what they always say (https://developers.cloudflare.com/turnstile/troubleshooting/testing/). */
const TEST_SECRETS: Record<string, string[]> = {
  "1x0000000000000000000000000000000AA": [],
  "2x0000000000000000000000000000000AA": ["invalid-input-response"],
  "3x0000000000000000000000000000000AA": ["timeout-or-duplicate"],
};
/** The token that stands for a visitor who passed. */
const PASSING_TOKEN = "XXXX.DUMMY.TOKEN.XXXX";

/** Turnstile's siteverify, as Workers call it: for the account's own widgets and Cloudflare's test secrets. */
export function siteverify(state: CloudState, visit: Visit): Response {
  if (visit.url.pathname !== "/turnstile/v0/siteverify" || visit.method !== "POST")
    return new Response(null, { status: 404 });
  const fields = parse(visit);
  const secret = fields.get("secret") ?? "";
  const token = fields.get("response") ?? "";
  const known = state.store
    .collection<{ secret: string }>("turnstile")
    .list()
    .some((widget) => widget.secret === secret);
  const errors = !secret
    ? ["missing-input-secret"]
    : !token
      ? ["missing-input-response"]
      : (TEST_SECRETS[secret] ??
        (!known ? ["invalid-input-secret"] : token === PASSING_TOKEN ? [] : ["invalid-input-response"]));
  return Response.json({
    success: errors.length === 0,
    "error-codes": errors,
    challenge_ts: state.timestamp(),
    hostname: state.zones()[0]?.name,
  });
}

function parse(visit: Visit): Map<string, string> {
  const text = Buffer.from(visit.body ?? []).toString("utf8");
  const type = visit.headers.get("content-type") ?? "";
  if (type.includes("json")) return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  if (!type.includes("multipart")) return new Map(new URLSearchParams(text));
  const parts = text.matchAll(/name="([^"]+)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([\s\S]*?)\r\n--/g);
  return new Map([...parts].map(([, name = "", value = ""]) => [name, value]));
}
