import { setTimeout as delay } from "node:timers/promises";

const TRIES = 4;
const FIRST_PAUSE_MS = 250;
/** Cloudflare's limit asks for up to five minutes; a job that hangs that long is worse than one that says why it ended. */
const LONGEST_PAUSE_MS = 60_000;
const TIMEOUT_MS = 30_000;

/**
 * `fetch` for calls that may be made twice without harm. Waits and tries again after a 429 (as long as `retry-after` asks),
 * a 5xx or a connection that broke; then gives the last answer, whatever it is.
 *
 * @throws what `fetch` throws, when no answer came at all
 */
export async function request(url: string | URL, init: RequestInit = {}): Promise<Response> {
  return patiently(
    () => fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init }),
    (outcome) => {
      if ("error" in outcome) return "again";
      const { status, headers } = outcome.value;
      if (status !== 429 && status < 500) return "done";
      return { afterMs: retryAfterMs(headers.get("retry-after")) };
    },
    async (response) => response.body?.cancel(),
  );
}

type Outcome<T> = { value: T } | { error: unknown };
type Verdict = "done" | "again" | { afterMs: number | undefined };

/** Repeats a call while `judge` says so, with pauses that double; `discard` gets the answers that are not given back. */
export async function patiently<T>(
  call: () => Promise<T>,
  judge: (outcome: Outcome<T>) => Verdict,
  discard: (value: T) => Promise<void> | void = () => undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const outcome: Outcome<T> = await call().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const verdict = judge(outcome);
    const asked = typeof verdict === "object" ? verdict.afterMs : undefined;
    const pause = asked ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
    if (verdict === "done" || attempt === TRIES || pause > LONGEST_PAUSE_MS) {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    }
    if ("value" in outcome) await discard(outcome.value);
    await delay(pause);
  }
}

/** Why no answer came: `fetch` itself says only "fetch failed", and keeps what the system said as its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause ? String(cause.code) : cause.name;
  // A host with two addresses fails twice, with an error around both that has no message of its own.
  return cause.message || code;
}

/** How long a `retry-after` header asks to wait, in milliseconds: a number of seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
