import type { MiddlewareHandler } from "hono";
import { errorResponse } from "./error.ts";

/**
 * The limit of a project: `perHour` calls, one of them coming back every `3600 / perHour` seconds, told by the headers
 * RateLimit-Limit, -Remaining and -Reset (https://docs.hetzner.cloud/reference/cloud#rate-limiting).
 */
export function rateLimit(perHour: number, now: () => number): MiddlewareHandler {
  const msEach = 3_600_000 / perHour;
  let left = perHour;
  let at = now();
  return async (context, next) => {
    const time = now();
    left = Math.min(perHour, left + Math.max(0, time - at) / msEach);
    at = time;
    const allowed = left >= 1;
    if (allowed) {
      left -= 1;
      await next();
    } else
      context.res = errorResponse("rate_limit_exceeded", `limit of ${perHour} requests per hour reached`);
    context.res.headers.set("ratelimit-limit", String(perHour));
    context.res.headers.set("ratelimit-remaining", String(Math.floor(left)));
    context.res.headers.set("ratelimit-reset", String(Math.ceil((time + (perHour - left) * msEach) / 1000)));
  };
}
