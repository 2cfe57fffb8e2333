import { setTimeout as delay } from "node:timers/promises";

/** An API's answer that is no success. */
export class ApiError extends Error {
  readonly status: number;
  /** The provider's own code, `uniqueness_error` or `81053`; empty where the answer had none. */
  readonly code: string;

  constructor(call: string, status: number, code: string, said: string) {
    super(`${call} answered ${status}${code ? ` ${code}` : ""}: ${said}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** An answer that may be worth another try, or the lack of any. */
export type Outcome = { status: number; code: string } | { network: Error };

/** What is particular to one provider's API. */
export interface ApiStyle {
  /** Base URL with the API's path, without a slash at the end. */
  baseUrl: string;
  token: string;
  /** Which outcomes the provider's own client tries again. */
  retry(outcome: Outcome, method: string): boolean;
  /** How often it tries again. */
  retries: number;
  /** Milliseconds before the first repetition; doubles each time. */
  backoffMs: number;
  /** Reads code and message out of an error body. */
  explain(body: unknown): { code: string; message: string };
  /** Once aborted, no further call is started; a call under way is left to finish, so that its result is not lost. */
  signal: AbortSignal;
}

/** The longest that any single wait before a repetition lasts, as in the providers' own clients. */
const LONGEST_WAIT_MS = 60_000;

/** One call of an API, with repetitions; gives the parsed JSON body, undefined where it is empty. */
export async function callApi(
  style: ApiStyle,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const call = `${method} ${path}`;
  for (let attempt = 0; ; attempt++) {
    if (style.signal.aborted) throw new Error(`cancelled before ${call}`);
    const last = attempt >= style.retries;
    let wait = Math.min(style.backoffMs * 2 ** attempt, LONGEST_WAIT_MS);
    try {
      const response = await fetch(`${style.baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${style.token}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const parsed = parse(text);
      if (response.ok && isEnvelopeOk(parsed)) return parsed;
      const { code, message } = style.explain(parsed);
      if (last || !style.retry({ status: response.status, code }, method)) {
        throw new ApiError(call, response.status, code, message || text.slice(0, 300) || response.statusText);
      }
      wait = retryAfterMs(response) ?? wait;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const network = error instanceof Error ? error : new Error(String(error));
      if (last || !style.retry({ network }, method)) {
        const cause = network.cause instanceof Error ? `: ${network.cause.message}` : "";
        throw new Error(`${call} got no answer from ${style.baseUrl} (${network.message}${cause})`, {
          cause: network,
        });
      }
    }
    await pause(wait, style.signal);
  }
}

/** Waits, but not past a cancellation. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    throw new Error("cancelled while waiting for the cloud");
  }
}

/** Cloudflare may say `success: false` under a status of 200. */
function isEnvelopeOk(body: unknown): boolean {
  return !(typeof body === "object" && body !== null && "success" in body && body.success === false);
}

function parse(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfterMs(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, LONGEST_WAIT_MS) : undefined;
}
