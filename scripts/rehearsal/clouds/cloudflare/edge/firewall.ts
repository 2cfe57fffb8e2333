import { z } from "zod";
import type { Rule, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import { blockPage, challengePage, errorPage } from "./error-page.ts";
import { managedMatch } from "./managed-rules.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { fitsExpression } from "./rules/compiled.ts";
import type { Facts } from "./rules/evaluate.ts";
import type { Visit } from "./visit.ts";

const Skip = z.object({
  ruleset: z.string().optional(),
  phases: z.array(z.string()).default([]),
  rulesets: z.array(z.string()).default([]),
  products: z.array(z.string()).default([]),
});
const OwnResponse = z.object({
  response: z.object({ status_code: z.number(), content: z.string(), content_type: z.string() }).optional(),
});

/** One request that a rule touched, as the security events of the dashboard show it. */
export interface FirewallEvent {
  at: string;
  action: string;
  rule: string;
  phase: string;
  host: string;
  path: string;
  ip: string;
  ray: string;
}

/** How many events are remembered, newest last. */
const MAX_EVENTS = 1000;

/** A zone's firewall: custom rules, then rate limits, then managed rules; the first terminating action answers. */
export class Firewall {
  readonly events: FirewallEvent[] = [];
  readonly #state: CloudState;
  readonly #limiter: RateLimiter;

  constructor(state: CloudState, limiter: RateLimiter) {
    this.#state = state;
    this.#limiter = limiter;
  }

  /** The answer to a request that may not pass; undefined for one that may. */
  check(zone: Zone, visit: Visit, facts: Facts, ray: string): Response | undefined {
    const skipped = new Set<string>();
    for (const phase of ["http_request_firewall_custom", "http_ratelimit", "http_request_firewall_managed"]) {
      if (skipped.has(phase)) continue;
      for (const rule of this.#rules(zone, phase)) {
        if (!rule.enabled || !fitsExpression(rule.expression, facts)) continue;
        if (phase === "http_ratelimit" && !this.#limiter.exceeded(rule, visit, facts)) continue;
        if (rule.action === "execute" && !managedMatch(visit)) continue;
        this.#note(rule, phase, visit, ray);
        if (rule.action === "skip") {
          const skip = Skip.parse(rule.action_parameters ?? {});
          for (const one of skip.phases) skipped.add(one);
          if (skip.rulesets.length > 0 || skip.products.includes("waf"))
            skipped.add("http_request_firewall_managed");
          if (skip.ruleset === "current") break;
          continue;
        }
        if (rule.action === "log") continue;
        return this.#answer(rule, phase, visit, ray);
      }
    }
    return undefined;
  }

  #rules(zone: Zone, phase: string): Rule[] {
    return (
      this.#state
        .rulesets(zone.id)
        .list()
        .find((ruleset) => ruleset.phase === phase)?.rules ?? []
    );
  }

  #answer(rule: Rule, phase: string, visit: Visit, ray: string): Response {
    if (rule.action.includes("challenge")) return challengePage(visit, ray);
    const own = OwnResponse.safeParse(rule.action_parameters ?? {}).data?.response;
    if (own)
      return new Response(own.content, {
        status: own.status_code,
        headers: { "content-type": own.content_type },
      });
    if (phase !== "http_ratelimit") return blockPage(visit, ray);
    const response = errorPage(1015, visit, ray);
    response.headers.set(
      "retry-after",
      String(rule.ratelimit?.mitigation_timeout ?? rule.ratelimit?.period ?? 10),
    );
    return response;
  }

  #note(rule: Rule, phase: string, visit: Visit, ray: string): void {
    this.events.push({
      at: this.#state.timestamp(),
      action: rule.action,
      rule: rule.description ?? rule.ref,
      phase,
      host: visit.url.hostname,
      path: visit.url.pathname,
      ip: visit.ip,
      ray,
    });
    if (this.events.length > MAX_EVENTS) this.events.shift();
  }
}
