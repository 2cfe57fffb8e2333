import type { Rule } from "../model.ts";
import { fitsExpression } from "./rules/compiled.ts";
import type { Facts } from "./rules/evaluate.ts";
import type { Visit } from "./visit.ts";

interface Counter {
  /** Milliseconds of the clock. */
  windowStart: number;
  count: number;
  blockedUntil: number;
}

/**
 * Counts requests by rule and visitor (https://developers.cloudflare.com/waf/rate-limiting-rules/request-rate/).
 * Counters are not durable, as they are not at Cloudflare when a data center changes.
 */
export class RateLimiter {
  readonly #counters = new Map<string, Counter>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Counts this request and says whether the rule's action is to be taken. */
  exceeded(rule: Rule, visit: Visit, facts: Facts): boolean {
    const limit = rule.ratelimit;
    if (!limit) return false;
    const now = this.#now().getTime();
    // One data center serves the rehearsal, so `cf.colo.id` tells nobody apart.
    const who = limit.characteristics.includes("ip.src") ? visit.ip : "";
    const key = `${rule.id}|${rule.version}|${who}`;
    const counter = this.#counters.get(key) ?? { windowStart: now, count: 0, blockedUntil: 0 };
    this.#counters.set(key, counter);
    if (now < counter.blockedUntil) return true;
    if (now - counter.windowStart >= limit.period * 1000) {
      counter.windowStart = now;
      counter.count = 0;
    }
    if (limit.counting_expression && !fitsExpression(limit.counting_expression, facts)) return false;
    counter.count += 1;
    if (counter.count <= (limit.requests_per_period ?? Number.POSITIVE_INFINITY)) return false;
    counter.blockedUntil = now + (limit.mitigation_timeout ?? 0) * 1000;
    return true;
  }
}
