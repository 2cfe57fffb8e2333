import type { Value } from "../model.ts";
import { type HazardRule, members } from "./rule.ts";

/** For each setting, its values from weak to strong (https://developers.cloudflare.com/api/resources/zones/subresources/settings/). */
const STRENGTH: { readonly [setting: string]: readonly unknown[] } = {
  ssl: ["off", "flexible", "full", "strict", "origin_pull"],
  min_tls_version: ["1.0", "1.1", "1.2", "1.3"],
  always_use_https: ["off", "on"],
  tls_client_auth: ["off", "on"],
};

/** Lowering how connections are secured, from browsers to the edge or from the edge to the servers. */
export const weakenTls: HazardRule = {
  rule: "weaken-tls",
  severity: "security",
  about:
    "A zone setting that secures connections is lowered, or Authenticated Origin Pulls are switched off.",
  ofStep(step) {
    const before = members(step.before);
    const after = members(step.after);
    if (step.type === "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings") {
      if (before.enabled !== true || after.enabled === true) return [];
      return [
        {
          what: "Switches Authenticated Origin Pulls off: the servers can't tell any more that a request came through your zone.",
          avoid: "Leave it on; it costs nothing.",
        },
      ];
    }
    if (step.type !== "cloudflare:index/zoneSetting:ZoneSetting" || !step.after) return [];
    const setting = String(after.settingId ?? before.settingId);
    const strength = STRENGTH[setting];
    if (!strength || !weaker(strength, before.value, after.value)) return [];
    return [
      {
        what: `Lowers ${setting} from ${String(before.value)} to ${String(after.value)} for the whole zone.`,
        avoid:
          "Keep the stronger value; old clients that need the weaker one are better named and counted first.",
      },
    ];
  },
};

function weaker(strength: readonly unknown[], before: Value | undefined, after: Value | undefined): boolean {
  return strength.includes(before) && strength.indexOf(after) < strength.indexOf(before);
}
