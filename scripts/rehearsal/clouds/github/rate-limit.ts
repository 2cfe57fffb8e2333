import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { ACTIONS_BOT } from "./auth.ts";
import { primaryLimit, secondaryLimit } from "./errors.ts";
import type { Hub, Identity, Variables } from "./hub.ts";

/** How much a token may do; see https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api. */
export const RateLimit = z.object({
  /** Requests an hour and token. GitHub's own for a workflow token: 1,000 an hour and repository. */
  limit: z.number().int().positive(),
  /** Writing requests a minute and token; GitHub's own is 80. */
  contentPerMinute: z.number().int().nonnegative(),
  /** What `retry-after` says at the secondary limit; GitHub mostly says 60. Without it: when the window frees up. */
  retryAfterSeconds: z.number().int().nonnegative().optional(),
});
export type RateLimit = z.infer<typeof RateLimit>;

/**
 * A rehearsal squeezes a team's day into one minute, so that GitHub's own 80 writes a minute would stop an honest
 * client; the defaults leave room, and a scene that wants the limits sets them.
 */
export const DEFAULT_RATE_LIMIT: RateLimit = { limit: 15_000, contentPerMinute: 1_000 };

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** One token's hour. `started` is an epoch in milliseconds. */
interface Window {
  started: number;
  used: number;
}

export class RateLimits {
  readonly #hub: Hub;
  /** Writing requests of the last minute by token; not worth keeping over a restart. */
  readonly #writes = new Map<string, number[]>();

  constructor(hub: Hub, initial: Partial<RateLimit>) {
    this.#hub = hub;
    this.set({ ...DEFAULT_RATE_LIMIT, ...initial });
  }

  get #settings() {
    return this.#hub.store.collection<RateLimit>("rate-settings");
  }
  get #windows() {
    return this.#hub.store.collection<Window>("rate-windows");
  }

  current(): RateLimit {
    return this.#settings.get("all") ?? DEFAULT_RATE_LIMIT;
  }

  set(settings: RateLimit): void {
    this.#settings.put("all", settings);
    this.#writes.clear();
  }

  /** Sets what a token has left in this hour, which ends `resetSeconds` from now. */
  spend(token: string, remaining: number, resetSeconds: number): void {
    const started = this.#hub.now().getTime() + resetSeconds * 1000 - HOUR;
    this.#windows.put(token, { started, used: this.current().limit - remaining });
  }

  view(token: string): { limit: number; used: number; remaining: number; reset: number; resource: "core" } {
    const { limit } = this.current();
    const window = this.#window(token);
    return {
      limit,
      used: window.used,
      remaining: Math.max(0, limit - window.used),
      reset: Math.ceil((window.started + HOUR) / 1000),
      resource: "core",
    };
  }

  /** Counts one request; throws the refusal if there is none left. */
  take(identity: Identity, writes: boolean): void {
    const { token } = identity.token;
    const window = this.#window(token);
    if (window.used >= this.current().limit) {
      const who =
        identity.user.login === ACTIONS_BOT ? "installation ID 50155217" : `user ID ${identity.user.id}`;
      throw primaryLimit(who);
    }
    this.#windows.put(token, { ...window, used: window.used + 1 });
    if (writes) this.#takeWrite(token);
  }

  /** An answer 304 costs nothing (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api). */
  giveBack(token: string): void {
    const window = this.#window(token);
    this.#windows.put(token, { ...window, used: Math.max(0, window.used - 1) });
  }

  headers(token: string): Record<string, string> {
    const view = this.view(token);
    return {
      "x-ratelimit-limit": String(view.limit),
      "x-ratelimit-remaining": String(view.remaining),
      "x-ratelimit-used": String(view.used),
      "x-ratelimit-reset": String(view.reset),
      "x-ratelimit-resource": view.resource,
    };
  }

  middleware(): MiddlewareHandler<{ Variables: Variables }> {
    return async (c, next) => {
      const identity = c.get("identity");
      if (c.req.path !== "/rate_limit")
        this.take(identity, c.req.method !== "GET" && c.req.method !== "HEAD");
      await next();
    };
  }

  #window(token: string): Window {
    const now = this.#hub.now().getTime();
    const known = this.#windows.get(token);
    return known && now < known.started + HOUR ? known : { started: now, used: 0 };
  }

  #takeWrite(token: string): void {
    const now = this.#hub.now().getTime();
    const { contentPerMinute, retryAfterSeconds } = this.current();
    const recent = (this.#writes.get(token) ?? []).filter((at) => at > now - MINUTE);
    if (recent.length >= contentPerMinute) {
      const frees = Math.ceil(((recent[0] ?? now) + MINUTE - now) / 1000);
      throw secondaryLimit(403, retryAfterSeconds ?? Math.max(1, frees));
    }
    recent.push(now);
    this.#writes.set(token, recent);
  }
}
