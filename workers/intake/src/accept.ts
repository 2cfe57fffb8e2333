import { readFields } from "./body.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { parseMessage } from "./message.ts";
import { corsHeaders } from "./origin.ts";
import type { NewLetter } from "./outbox/letters.ts";
import type { Accepted } from "./outbox/outbox.ts";
import { outboxOf, senderKey } from "./outbox/shard.ts";
import { Problem, wantsPage } from "./problem.ts";
import { readSettings } from "./settings.ts";

/**
 * Takes a message in: 202 with its id, or 303 to the thank-you page for a form without JavaScript; both only once the
 * message is stored.
 *
 * @throws Problem for everything that the sender can mend, and 503 when the message could not be stored
 */
export async function accept(request: Request, env: Env): Promise<Response> {
  const { settings } = await readSettings(env.INTAKE_SETTINGS);
  const cors = corsHeaders(request, settings.allowedOrigins);
  try {
    const fields = await readFields(request, settings.maxBytes);
    const message = parseMessage(fields);
    if (message === "bot") {
      log("honeypot");
      // The same answer as for a person, so that the program behind it learns nothing.
      return thanks(request, crypto.randomUUID(), cors);
    }
    const id = crypto.randomUUID();
    const receivedAt = Date.now();
    const sender = await senderKey(message.email);
    const accepted = await store(env, {
      id,
      sender,
      receivedAt,
      body: JSON.stringify({
        id,
        receivedAt: new Date(receivedAt).toISOString(),
        stack: env.STACK,
        message,
      }),
      idempotencyKey: idempotencyKey(request),
      digest: await digest(JSON.stringify(message)),
    });
    if (accepted.kind === "conflict")
      throw new Problem(409, "idempotency-key-reused", "This Idempotency-Key belongs to another message.");
    log(accepted.kind, { id: accepted.id });
    return thanks(request, accepted.id, cors);
  } catch (error) {
    if (error instanceof Problem) Object.assign(error.headers, cors);
    throw error;
  }
}

/** Stores the letter; the id makes a second try harmless when the first one's answer was lost on the way. */
async function store(env: Env, letter: NewLetter): Promise<Accepted> {
  try {
    try {
      return await outboxOf(env, letter.sender).accept(letter);
    } catch (error) {
      // https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
      if (!(error instanceof Error) || !("retryable" in error) || error.retryable !== true) throw error;
      return await outboxOf(env, letter.sender).accept(letter);
    }
  } catch (error) {
    log("not-stored", { error: error instanceof Error ? error.message : String(error) });
    throw new Problem(503, "not-stored", "Your message was not taken in. Please send it again in a minute.", {
      headers: { "retry-after": "60" },
    });
  }
}

function thanks(request: Request, id: string, cors: Record<string, string>): Response {
  if (wantsPage(request))
    return new Response(null, { status: 303, headers: { ...cors, location: "/thanks" } });
  return Response.json({ id }, { status: 202, headers: { ...cors, "cache-control": "no-store" } });
}

/** @throws Problem 400 when it is not 1 to 128 visible ASCII characters */
function idempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key !== null && !/^[\x21-\x7e]{1,128}$/.test(key))
    throw new Problem(
      400,
      "malformed-idempotency-key",
      "Idempotency-Key has to be 1 to 128 ASCII characters.",
    );
  return key;
}

async function digest(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
