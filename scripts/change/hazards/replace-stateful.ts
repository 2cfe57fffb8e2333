import type { HazardRule } from "./rule.ts";
import { STATEFUL } from "./stateful.ts";

/** Replacing something that holds what the new one would not have. */
export const replaceStateful: HazardRule = {
  rule: "replace-stateful",
  severity: "data-loss",
  about: "A resource that holds data, an address or a site is replaced by a new, empty one.",
  ofStep(step) {
    const stateful = STATEFUL[step.type];
    if (step.operation !== "replace" || !stateful) return [];
    const because = step.replaceKeys.length > 0 ? `, because of ${list(step.replaceKeys)}` : "";
    return [
      {
        rule: `replace-${stateful.noun}`,
        severity: stateful.severity,
        what: `Replaces the ${stateful.label} by a new one${because}. ${stateful.whileReplaced ?? stateful.lost}`,
        avoid: stateful.avoid,
      },
    ];
  },
};

const MOST_NAMED = 4;

function list(keys: readonly string[]): string {
  const named = keys.slice(0, MOST_NAMED).join(", ");
  return keys.length > MOST_NAMED ? `${named} and ${keys.length - MOST_NAMED} more` : named;
}
