import { z } from "zod";
import type { Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import { fitsExpression } from "./rules/compiled.ts";
import type { Facts } from "./rules/evaluate.ts";
import type { Visit } from "./visit.ts";

const FromValue = z.object({
  from_value: z.object({
    status_code: z.number().default(301),
    target_url: z.object({ value: z.string().optional(), expression: z.string().optional() }),
    preserve_query_string: z.boolean().default(false),
  }),
});
/** The one kind of computed target that is understood: `concat("https://…", http.request.uri.path)`. */
const CONCAT = /^concat\(\s*"([^"]*)"\s*,\s*http\.request\.uri(\.path)?\s*\)$/;

/** The redirect of the first single redirect rule that fits (https://developers.cloudflare.com/rules/url-forwarding/single-redirects/). */
export function redirectByRule(
  state: CloudState,
  zone: Zone,
  visit: Visit,
  facts: Facts,
): Response | undefined {
  const rules =
    state
      .rulesets(zone.id)
      .list()
      .find(({ phase }) => phase === "http_request_dynamic_redirect")?.rules ?? [];
  for (const rule of rules) {
    if (!rule.enabled || !fitsExpression(rule.expression, facts)) continue;
    const parsed = FromValue.safeParse(rule.action_parameters ?? {});
    if (!parsed.success) continue;
    const { status_code, target_url, preserve_query_string } = parsed.data.from_value;
    const concat = CONCAT.exec(target_url.expression ?? "");
    const target =
      target_url.value ??
      (concat ? `${concat[1]}${facts[concat[2] ? "http.request.uri.path" : "http.request.uri"]}` : undefined);
    if (target === undefined) continue;
    const location = preserve_query_string && !target.includes("?") ? target + visit.url.search : target;
    return new Response(null, { status: status_code, headers: { location } });
  }
  return undefined;
}
