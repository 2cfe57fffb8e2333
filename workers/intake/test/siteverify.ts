import type { ServerResponse } from "node:http";

const taken = new Map<string, unknown>();

/**
 * Turnstile's place in these tests, by its contract: a token is good for one question, and for the same one again under its
 * idempotency key (https://developers.cloudflare.com/turnstile/get-started/server-side-validation/). The tokens `down` and
 * `our-fault` make it answer as in an outage and to a wrong secret.
 */
export function siteverify(question: Record<string, unknown>, response: ServerResponse): void {
  const token = String(question.response);
  if (token === "down") {
    response.writeHead(503).end("no JSON");
    return;
  }
  const used = taken.get(token);
  const errors =
    token === "our-fault"
      ? ["invalid-input-secret"]
      : !token.startsWith("good")
        ? ["invalid-input-response"]
        : used !== undefined && used !== question.idempotency_key
          ? ["timeout-or-duplicate"]
          : [];
  if (errors.length === 0) taken.set(token, question.idempotency_key);
  response.end(JSON.stringify({ success: errors.length === 0, "error-codes": errors }));
}
