import type { MiddlewareHandler } from "hono";
import type { Store } from "./store.ts";

/**
 * Makes every request one unit of work: requests are served one after the other, and all writes of a request happen or,
 * when it is refused (status 400 and up), none. So neither a refusal nor a kill -9 leaves half a resource behind.
 *
 * `before` runs first in each unit: a cloud brings its world up to the clock there.
 */
export function atomic(store: Store, before: () => void = () => {}): MiddlewareHandler {
  return async (context, next) => {
    // The body is read (and kept by Hono) before the request's turn comes: a slow sender must not hold up the others.
    if (context.req.method !== "GET" && context.req.method !== "HEAD") await context.req.arrayBuffer();
    await store.transactionAsync(
      async () => {
        before();
        await next();
      },
      () => context.error === undefined && context.res.status < 400,
    );
  };
}
