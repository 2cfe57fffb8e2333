import { isDeepStrictEqual } from "node:util";
import type { Hono } from "hono";
import { z } from "zod";
import { type Operand, type Rule as Parsed, parseRule } from "../edge/rules/parser.ts";
import { RuleSyntaxError } from "../edge/rules/syntax-error.ts";
import { ApiError, body, ok, param } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { Plan, Rule, Ruleset, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";

const RuleInput = z.object({
  id: z.string().nullish(),
  ref: z.string().nullish(),
  action: z.string(),
  expression: z.string(),
  description: z.string().nullish(),
  enabled: z.boolean().nullish(),
  action_parameters: z.record(z.string(), z.unknown()).nullish(),
  ratelimit: z
    .object({
      characteristics: z.array(z.string()),
      period: z.number(),
      requests_per_period: z.number().nullish(),
      mitigation_timeout: z.number().nullish(),
      counting_expression: z.string().nullish(),
      requests_to_origin: z.boolean().nullish(),
    })
    .nullish(),
  logging: z.object({ enabled: z.boolean() }).nullish(),
});
type RuleInput = z.infer<typeof RuleInput>;
const RulesetInput = z.object({
  name: z.string().optional(),
  description: z.string().nullish(),
  kind: z.string().optional(),
  phase: z.string().optional(),
  rules: z.array(RuleInput).nullish(),
});

/** The phases of a zone with their actions and how many rules a plan allows (https://developers.cloudflare.com/waf/custom-rules/#availability and its neighbours). */
const PHASES: Record<string, { limit: Record<Plan, number>; actions: string[] }> = {
  http_request_dynamic_redirect: { limit: { free: 10, pro: 25 }, actions: ["redirect"] },
  http_request_transform: { limit: { free: 10, pro: 25 }, actions: ["rewrite"] },
  http_request_late_transform: { limit: { free: 10, pro: 25 }, actions: ["rewrite"] },
  http_response_headers_transform: { limit: { free: 10, pro: 25 }, actions: ["rewrite"] },
  http_request_origin: { limit: { free: 10, pro: 25 }, actions: ["route"] },
  http_config_settings: { limit: { free: 10, pro: 25 }, actions: ["set_config"] },
  http_request_cache_settings: { limit: { free: 10, pro: 25 }, actions: ["set_cache_settings"] },
  http_request_firewall_custom: {
    limit: { free: 5, pro: 20 },
    actions: ["block", "challenge", "js_challenge", "managed_challenge", "log", "skip"],
  },
  http_ratelimit: {
    limit: { free: 1, pro: 2 },
    actions: ["block", "challenge", "js_challenge", "managed_challenge", "log"],
  },
  // The Free Managed Ruleset runs on its own; only paid plans may say anything about managed rules.
  http_request_firewall_managed: { limit: { free: 0, pro: 100 }, actions: ["execute", "skip"] },
};
interface RateLimits {
  /** Seconds, as are the timeouts. */
  periods: number[];
  timeouts: number[];
  characteristics: string[];
  /** What the expression may look at. */
  fields: string[];
}
/** https://developers.cloudflare.com/waf/rate-limiting-rules/#availability */
const RATE_LIMITS: Record<Plan, RateLimits> = {
  free: {
    periods: [10],
    timeouts: [10],
    characteristics: ["ip.src", "cf.colo.id"],
    fields: ["http.request.uri.path"],
  },
  pro: {
    fields: [
      "http.host",
      "http.request.full_uri",
      "http.request.uri",
      "http.request.uri.path",
      "http.request.uri.query",
    ],
    periods: [10, 15, 20, 30, 40, 45, 60],
    timeouts: [10, 15, 20, 30, 40, 45, 60, 90, 120, 180, 240, 300, 480, 600, 900, 1200, 1800, 2400, 3600],
    characteristics: ["ip.src", "cf.colo.id"],
  },
};
const MAX_EXPRESSION = 4096;

function refuse(code: number, message: string): never {
  throw new ApiError(400, code, message);
}

/** Rulesets of a zone (https://developers.cloudflare.com/api/resources/rulesets/). */
export function rulesets(api: Hono, state: CloudState): void {
  const of = (zone: Zone) => state.rulesets(zone.id);
  const entrypoint = (zone: Zone, phase: string) =>
    of(zone)
      .list()
      .find((ruleset) => ruleset.phase === phase && ruleset.kind === "zone");
  const found = (zone: Zone, id: string): Ruleset =>
    of(zone).get(id) ?? notFound(`could not find ruleset with id '${id}'`);

  const builtRule = (zone: Zone, phase: string, input: RuleInput, before: Rule | undefined): Rule => {
    checkRule(zone, phase, input);
    const id = before?.id ?? hexId();
    const rule = {
      id,
      ref: input.ref ?? before?.ref ?? id,
      action: input.action,
      expression: input.expression,
      enabled: input.enabled ?? true,
      ...(input.description ? { description: input.description } : {}),
      ...(input.action_parameters ? { action_parameters: input.action_parameters } : {}),
      ...(input.ratelimit ? { ratelimit: withoutNulls(input.ratelimit) as Rule["ratelimit"] } : {}),
      ...(input.logging ? { logging: input.logging } : {}),
    } as Omit<Rule, "version" | "last_updated">;
    if (before) {
      const { version, last_updated, ...old } = before;
      if (isDeepStrictEqual(old, rule)) return before;
      return { ...rule, version: String(Number(version) + 1), last_updated: state.timestamp() };
    }
    return { ...rule, version: "1", last_updated: state.timestamp() };
  };

  const builtRules = (zone: Zone, phase: string, inputs: RuleInput[], before: Rule[]): Rule[] => {
    const { limit } = PHASES[phase] ?? refuse(20020, `'${phase}' is not a valid value for phase`);
    if (inputs.length > limit[zone.plan])
      refuse(
        20122,
        `exceeded the maximum number of rules in the phase ${phase}: ${inputs.length} out of ${limit[zone.plan]}`,
      );
    const rules = inputs.map((input) =>
      builtRule(
        zone,
        phase,
        input,
        // A rule keeps its id when the client sends that, or a ref that it had.
        before.find((rule) => rule.id === input.id) ??
          before.find((rule) => input.ref && rule.ref === input.ref),
      ),
    );
    if (new Set(rules.map(({ ref }) => ref)).size < rules.length)
      refuse(20199, "rule refs must be unique in a ruleset");
    return rules;
  };

  const write = (
    zone: Zone,
    before: Ruleset | undefined,
    phase: string,
    input: z.infer<typeof RulesetInput>,
  ): Ruleset => {
    const rules = builtRules(zone, phase, input.rules ?? [], before?.rules ?? []);
    const id = before?.id ?? hexId();
    return of(zone).put(id, {
      id,
      zone_id: zone.id,
      name: input.name ?? before?.name ?? "default",
      description: input.description ?? before?.description ?? "",
      kind: "zone",
      phase,
      version: String(Number(before?.version ?? 0) + 1),
      last_updated: state.timestamp(),
      rules,
    });
  };
  const shown = ({ zone_id: _, ...ruleset }: Ruleset) => ruleset;
  const base = "/zones/:zone/rulesets";

  api.get(base, (c) => {
    const zone = state.zone(param(c, "zone"));
    const list = of(zone)
      .list()
      .map((ruleset) => {
        const { rules: _, ...summary } = shown(ruleset);
        return summary;
      });
    return ok(c, list, { cursors: {} });
  });
  api.post(base, async (c) => {
    const zone = state.zone(param(c, "zone"));
    const input = await body(c, RulesetInput, 20000);
    if (input.kind !== "zone") refuse(20217, `'${input.kind}' is not a valid value for kind`);
    const phase = input.phase ?? refuse(20020, "phase is required");
    if (!input.name) refuse(20018, "'' is not a valid value for name because it is too short");
    if (entrypoint(zone, phase))
      refuse(
        20217,
        `'zone' is not a valid value for kind because exceeded maximum number of zone rulesets for phase ${phase}`,
      );
    return ok(c, shown(write(zone, undefined, phase, input)));
  });
  const path = `${base}/phases/:phase/entrypoint`;
  api.get(path, (c) => {
    const phase = param(c, "phase");
    const ruleset = entrypoint(state.zone(param(c, "zone")), phase);
    return ok(c, shown(ruleset ?? notFound(`could not find entrypoint ruleset in the ${phase} phase`)));
  });
  api.put(path, async (c) => {
    const zone = state.zone(param(c, "zone"));
    const phase = param(c, "phase");
    const input = await body(c, RulesetInput, 20000);
    return ok(c, shown(write(zone, entrypoint(zone, phase), phase, input)));
  });
  api.get(`${base}/:id`, (c) => ok(c, shown(found(state.zone(param(c, "zone")), param(c, "id")))));
  api.put(`${base}/:id`, async (c) => {
    const zone = state.zone(param(c, "zone"));
    const before = found(zone, param(c, "id"));
    const input = await body(c, RulesetInput, 20000);
    if (input.phase && input.phase !== before.phase) refuse(20020, "phase can't be changed");
    return ok(c, shown(write(zone, before, before.phase, input)));
  });
  api.delete(`${base}/:id`, (c) => {
    const zone = state.zone(param(c, "zone"));
    of(zone).delete(found(zone, param(c, "id")).id);
    return c.body(null, 204);
  });
  api.post(`${base}/:id/rules`, async (c) => {
    const zone = state.zone(param(c, "zone"));
    const before = found(zone, param(c, "id"));
    const input = await body(c, RuleInput, 20000);
    return ok(c, shown(write(zone, before, before.phase, { rules: [...before.rules, input] })));
  });
  const ruleOf = (ruleset: Ruleset, id: string) =>
    ruleset.rules.find((rule) => rule.id === id) ?? notFound(`could not find rule with id '${id}'`);
  api.patch(`${base}/:id/rules/:rule`, async (c) => {
    const zone = state.zone(param(c, "zone"));
    const before = found(zone, param(c, "id"));
    const rule = ruleOf(before, param(c, "rule"));
    const input = await body(c, RuleInput.partial(), 20000);
    const rules = before.rules.map((one) => (one.id === rule.id ? { ...one, ...input, id: one.id } : one));
    return ok(c, shown(write(zone, before, before.phase, { rules })));
  });
  api.delete(`${base}/:id/rules/:rule`, (c) => {
    const zone = state.zone(param(c, "zone"));
    const before = found(zone, param(c, "id"));
    const rule = ruleOf(before, param(c, "rule"));
    const rules = before.rules.filter((one) => one.id !== rule.id);
    return ok(c, shown(write(zone, before, before.phase, { rules })));
  });
}

function notFound(message: string): never {
  throw new ApiError(404, 10003, message);
}

function checkRule(zone: Zone, phase: string, input: RuleInput): void {
  const { actions } = PHASES[phase] ?? refuse(20020, `'${phase}' is not a valid value for phase`);
  if (!actions.includes(input.action))
    refuse(
      20016,
      `'${input.action}' is not a valid value for action because it is not supported in the phase ${phase}`,
    );
  checkExpression(input.expression);
  if (phase !== "http_ratelimit") return;
  const limit = input.ratelimit ?? refuse(20155, "a rate limiting rule needs ratelimit");
  const allowed = RATE_LIMITS[zone.plan];
  const field = fieldsOf(parseRule(input.expression)).find((name) => !allowed.fields.includes(name));
  if (field)
    refuse(
      20127,
      `'${input.expression}' is not a valid value for expression because the use of field ${field} is not allowed`,
    );
  if (!allowed.periods.includes(limit.period))
    refuse(
      20120,
      `not entitled to use the period ${limit.period}, can only use one of [${allowed.periods.join(", ")}]`,
    );
  if (limit.mitigation_timeout != null && !allowed.timeouts.includes(limit.mitigation_timeout))
    refuse(
      20120,
      `not entitled to use the mitigation timeout ${limit.mitigation_timeout}, can only use one of [${allowed.timeouts.join(", ")}]`,
    );
  for (const characteristic of limit.characteristics)
    if (!allowed.characteristics.includes(characteristic))
      refuse(20120, `not entitled to use the characteristic ${characteristic}`);
  if (!limit.characteristics.includes("cf.colo.id"))
    refuse(20155, "ratelimit characteristics must include cf.colo.id");
  if (limit.counting_expression) checkExpression(limit.counting_expression);
}

function checkExpression(expression: string): void {
  const bad = (reason: string) =>
    refuse(20127, `'${expression}' is not a valid value for expression because ${reason}`);
  if (expression.length > MAX_EXPRESSION) bad(`it is longer than ${MAX_EXPRESSION} characters`);
  try {
    if (uses(parseRule(expression), "matches"))
      bad("the use of operator Matches is not allowed, a Business plan or a WAF Advanced plan is required");
  } catch (error) {
    if (error instanceof RuleSyntaxError) bad(error.message);
    throw error;
  }
}

function uses(rule: Parsed, operator: string): boolean {
  switch (rule.kind) {
    case "and":
    case "or":
    case "xor":
      return uses(rule.left, operator) || uses(rule.right, operator);
    case "not":
    case "quantified":
      return uses(rule.rule, operator);
    case "compare":
      return rule.operator === operator;
    default:
      return false;
  }
}

/** The request fields that an expression looks at. */
function fieldsOf(rule: Parsed): string[] {
  switch (rule.kind) {
    case "and":
    case "or":
    case "xor":
      return [...fieldsOf(rule.left), ...fieldsOf(rule.right)];
    case "not":
    case "quantified":
      return fieldsOf(rule.rule);
    case "constant":
      return [];
    default:
      return fieldsIn(rule.operand);
  }
}

function fieldsIn(operand: Operand): string[] {
  if (operand.kind === "field") return [operand.name];
  return operand.kind === "call" ? operand.operands.flatMap(fieldsIn) : [];
}

function withoutNulls(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value != null));
}
