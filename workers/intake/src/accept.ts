import { readFields } from "./body.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { parseMessage } from "./message.ts";
import { count } from "./metrics.ts";
import { corsHeaders } from "./origin.ts";
import type { NewLetter } from "./outbox/letters.ts";
import type { Accepted } from "./outbox/outbox.ts";
import { outboxOf, senderKey } from "./outbox/shard.ts";
import { Problem, wantsPage } from "./problem.ts";
import { readSettings, type Settings } from "./settings.ts";
import { admitPerson } from "./turnstile.ts";
import { readAttachments } from "./uploads/attachments.ts";

/**
 * Takes a message in: 202 with its id, or 303 to the thank-you page for a form without JavaScript; both only once the
 * message is stored.
 *
 * @throws Problem for everything that the sender can mend, and 503 when the message could not be stored
 */
export async function accept(request: Request, env: Env): Promise<Response> {
  const started = Date.now();
  const { settings } = await readSettings(env.INTAKE_SETTINGS);
  const cors = corsHeaders(request, settings.allowedOrigins);
  try {
    const fields = await readFields(request, settings.maxBytes);
    const message = parseMessage(fields);
    if (message === "bot") {
      log("honeypot");
      count(env, "honeypot");
      // The same answer as for a person, so that the program behind it learns nothing.
      return thanks(request, crypto.randomUUID(), cors);
    }
    const id = crypto.randomUUID();
    const receivedAt = Date.now();
    const sender = await senderKey(message.email);
    const digest = await digestOf(JSON.stringify([message, fields.attachments]));
    const key = idempotencyKey(request, digest);
    await admitPerson(request, fields, env, [sender, key, digest].join());
    const attachments = await readAttachments(fields, env, new URL(request.url).origin, receivedAt);
    const body = JSON.stringify({
      id,
      receivedAt: new Date(receivedAt).toISOString(),
      stack: env.STACK,
      message: attachments.length > 0 ? { ...message, attachments } : message,
    });
    const letter = { id, sender, receivedAt, body, idempotencyKey: key, digest };
    const accepted = admitted(await store(env, letter, settings.senderLimit));
    const event = accepted.kind === "stored" ? "accepted" : "known";
    log(event, { id: accepted.id });
    count(env, event, { ms: Date.now() - started });
    return thanks(request, accepted.id, cors);
  } catch (error) {
    if (error instanceof Problem) {
      Object.assign(error.headers, cors);
      count(env, error.status === 429 ? "limited" : "refused", { code: error.code });
    }
    throw error;
  }
}

/** @throws Problem 409 or 429 when the outbox did not take the letter */
function admitted(accepted: Accepted): Extract<Accepted, { id: string }> {
  switch (accepted.kind) {
    case "conflict":
      throw new Problem("idempotency-key-reused", "This Idempotency-Key belongs to another message.");
    case "limited":
      throw new Problem(
        "too-many-messages",
        "Many messages have come from this address. Please wait a little before you send another.",
        { headers: { "retry-after": String(accepted.retryAfterSeconds) } },
      );
    default:
      return accepted;
  }
}

/** Stores the letter; the id makes a second try harmless when the first one's answer was lost on the way. */
async function store(env: Env, letter: NewLetter, limit: Settings["senderLimit"]): Promise<Accepted> {
  try {
    try {
      return await outboxOf(env, letter.sender).accept(letter, limit);
    } catch (error) {
      // https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
      if (!(error instanceof Error) || !("retryable" in error) || error.retryable !== true) throw error;
      return await outboxOf(env, letter.sender).accept(letter, limit);
    }
  } catch (error) {
    log("not-stored", { error: error instanceof Error ? error.message : String(error) });
    throw new Problem("not-stored", "Your message was not taken in. Please send it again in a minute.", {
      headers: { "retry-after": "60" },
    });
  }
}

function thanks(request: Request, id: string, cors: Record<string, string>): Response {
  if (wantsPage(request))
    return new Response(null, { status: 303, headers: { ...cors, location: "/thanks" } });
  return Response.json({ id }, { status: 202, headers: { ...cors, "cache-control": "no-store" } });
}

/**
 * What makes two posts of a sender one message: the key that his program gave, else the words themselves, as a form without
 * JavaScript is easily sent twice.
 *
 * @throws Problem 400 when the given key is not 1 to 128 visible ASCII characters
 */
function idempotencyKey(request: Request, digest: string): string {
  const key = request.headers.get("idempotency-key");
  if (key === null) return `content:${digest}`;
  if (!/^[\x21-\x7e]{1,128}$/.test(key))
    throw new Problem("malformed-idempotency-key", "Idempotency-Key has to be 1 to 128 ASCII characters.");
  return `key:${key}`;
}

async function digestOf(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
