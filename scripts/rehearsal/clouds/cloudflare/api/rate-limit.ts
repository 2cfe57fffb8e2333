import type { MiddlewareHandler } from "hono";
import { failure } from "../envelope.ts";

const WINDOW_SECONDS = 300;
/** https://developers.cloudflare.com/fundamentals/api/reference/limits/: 1,200 requests in five minutes. */
const QUOTA = 1200;

/**
 * Sends Cloudflare's rate limit headers. Calls over the quota are refused only when `enforce` is set, as a bench makes
 * in five minutes what a team makes in a week.
 */
export function rateLimit(now: () => Date, enforce: boolean): MiddlewareHandler {
  let windowStart = 0;
  let used = 0;
  return async (c, next) => {
    const seconds = Math.floor(now().getTime() / 1000);
    if (seconds - windowStart >= WINDOW_SECONDS) {
      windowStart = seconds;
      used = 0;
    }
    used += 1;
    const reset = WINDOW_SECONDS - (seconds - windowStart);
    if (enforce && used > QUOTA) {
      const response = failure(429, [
        { code: 971, message: "Please wait and consider throttling your request speed" },
      ]);
      response.headers.set("retry-after", String(reset));
      return response;
    }
    await next();
    c.res.headers.set("ratelimit", `"default";r=${Math.max(QUOTA - used, 0)};t=${reset}`);
    c.res.headers.set("ratelimit-policy", `"default";q=${QUOTA};w=${WINDOW_SECONDS}`);
  };
}
