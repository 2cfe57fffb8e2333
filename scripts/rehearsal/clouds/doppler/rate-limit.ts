import type { MiddlewareHandler } from "hono";
import { errorResponse } from "./error.ts";

const MINUTE = 60_000;

/** `perMinute` calls in each minute of the clock, told by x-ratelimit headers (https://docs.doppler.com/reference/api#rate-limits). */
export function rateLimit(perMinute: number, now: () => number): MiddlewareHandler {
  let minute = 0;
  let used = 0;
  return async (context, next) => {
    const current = Math.floor(now() / MINUTE);
    if (current !== minute) used = 0;
    minute = current;
    used += 1;
    const reset = (current + 1) * MINUTE;
    if (used > perMinute) {
      context.res = errorResponse(429, "Exceeded rate limit, please try again later");
      context.res.headers.set("retry-after", String(Math.ceil((reset - now()) / 1000)));
    } else await next();
    context.res.headers.set("x-ratelimit-limit", String(perMinute));
    context.res.headers.set("x-ratelimit-remaining", String(Math.max(0, perMinute - used)));
    context.res.headers.set("x-ratelimit-reset", String(reset / 1000));
  };
}
