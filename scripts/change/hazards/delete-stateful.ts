import type { HazardRule } from "./rule.ts";
import { STATEFUL } from "./stateful.ts";

/** Deleting something that a new one of its kind would not replace. */
export const deleteStateful: HazardRule = {
  rule: "delete-stateful",
  severity: "data-loss",
  about: "A resource that holds data, an address or a site is deleted.",
  ofStep(step) {
    const stateful = STATEFUL[step.type];
    if (step.operation !== "delete" || !stateful) return [];
    return [
      {
        rule: `delete-${stateful.noun}`,
        severity: stateful.severity,
        what: `Deletes the ${stateful.label}. ${stateful.lost}`,
        avoid: stateful.avoid,
      },
    ];
  },
};
