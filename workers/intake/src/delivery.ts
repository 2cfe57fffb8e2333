import { sign } from "./signature.ts";

/** What became of one attempt; `status` is the backend's, 0 when there was no answer. */
export type Attempt =
  | { kind: "delivered"; status: number }
  /** The backend will never take this message as it is. */
  | { kind: "refused"; status: number; error: string }
  /** Worth another try, not before `retryAfterMs` if the backend said so. */
  | { kind: "failed"; status: number; error: string; retryAfterMs?: number };

const TIMEOUT_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Statuses that say "this message, as it is, never": everything else may be the backend's own trouble. */
const REFUSALS = new Set([400, 413, 415, 422]);

/**
 * Posts one message to `<backend>/intake/messages` by the contract in README.md. Never throws.
 *
 * @param now milliseconds since 1970, for the signature's timestamp
 */
export async function deliver(
  message: { id: string; body: string; attempt: number },
  backend: { url: string; signingKeys: string | undefined },
  now: number,
): Promise<Attempt> {
  const timestamp = Math.floor(now / 1000);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "idempotency-key": message.id,
    "webhook-id": message.id,
    "webhook-timestamp": String(timestamp),
    "intake-attempt": String(message.attempt),
    "user-agent": "intake-worker",
  };
  try {
    if (backend.signingKeys)
      headers["webhook-signature"] = await sign(backend.signingKeys, message.id, timestamp, message.body);
    const response = await fetch(new URL("/intake/messages", backend.url), {
      method: "POST",
      headers,
      body: message.body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return judge(response);
  } catch (error) {
    return { kind: "failed", status: 0, error: error instanceof Error ? error.name : "no answer" };
  }
}

function judge(response: Response): Attempt {
  const { status } = response;
  // 409: an earlier attempt arrived whose answer was lost.
  if (response.ok || status === 409) return { kind: "delivered", status };
  if (REFUSALS.has(status)) return { kind: "refused", status, error: `HTTP ${status}` };
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) : undefined;
  return { kind: "failed", status, error: `HTTP ${status}`, retryAfterMs };
}
