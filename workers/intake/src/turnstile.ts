import * as z from "zod/mini";
import type { Fields } from "./body.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { count } from "./metrics.ts";
import { Problem } from "./problem.ts";

/** The field in which Turnstile's widget puts its token. */
const TOKEN_FIELD = "cf-turnstile-response";
const TIMEOUT_MS = 3_000;

/** What says that the visitor did not pass; every other error code is our own mistake or Cloudflare's trouble. */
const VISITORS_FAULT = new Set(["missing-input-response", "invalid-input-response", "timeout-or-duplicate"]);

const Verdict = z.object({
  success: z.boolean(),
  "error-codes": z._default(z.array(z.string()), []),
});

/**
 * Asks Turnstile whether a person sent these fields, where a secret is set
 * (https://developers.cloudflare.com/turnstile/get-started/server-side-validation/).
 *
 * When Turnstile itself does not answer, or our secret is wrong, the message is taken all the same: a rate limit stands
 * behind this check, and a person's message is worth more than a program's is trouble.
 *
 * @param post names this post, so that the same one can be sent again: a token is good for one question otherwise
 * @throws Problem 403 when the visitor did not pass
 */
export async function admitPerson(request: Request, fields: Fields, env: Env, post: string): Promise<void> {
  if (!env.INTAKE_TURNSTILE_SECRET) return;
  const token = fields[TOKEN_FIELD];
  if (typeof token !== "string" || token === "") throw refusal(["missing-input-response"]);
  const errors = await ask(env.TURNSTILE_URL, {
    secret: env.INTAKE_TURNSTILE_SECRET,
    response: token,
    remoteip: request.headers.get("cf-connecting-ip") ?? undefined,
    idempotency_key: await uuidOf(post),
  });
  if (errors.length === 0) return;
  if (errors.some((code) => VISITORS_FAULT.has(code))) throw refusal(errors);
  log("turnstile-skipped", { errors: errors.join(" ") });
  count(env, "turnstile-skipped", { code: errors[0] ?? "" });
}

/** Turnstile's error codes, `no-answer` when it gave none; empty when the visitor passed. */
async function ask(url: string, question: Record<string, string | undefined>): Promise<string[]> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const verdict = Verdict.safeParse(await response.json());
    if (!verdict.success) return ["no-answer"];
    if (verdict.data.success) return [];
    return verdict.data["error-codes"].length > 0 ? verdict.data["error-codes"] : ["no-answer"];
  } catch {
    return ["no-answer"];
  }
}

function refusal(codes: string[]): Problem {
  return new Problem(
    "turnstile-failed",
    codes.includes("timeout-or-duplicate")
      ? "The check that you are a person has run out. Please do it again and send once more."
      : // The page may be from before the widget was there.
        "Please pass the check that you are a person, then send again. If you see none, copy your text and load the page again.",
  );
}

/** A UUID (version 8, RFC 9562) made of a hash, as Turnstile wants its idempotency keys. */
async function uuidOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.slice(0, 16).toHex();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
