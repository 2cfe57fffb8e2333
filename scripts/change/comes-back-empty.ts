import { STATEFUL } from "./hazards/stateful.ts";
import type { Change } from "./model.ts";

/**
 * What a change makes anew of the kinds that hold data, one sentence each: on the way back to an earlier commit, resources
 * come back under their old names and without what was in them. Pure.
 */
export function comesBackEmpty(change: Change): string[] {
  return change.steps.flatMap(({ operation, type, name }) => {
    const kind = STATEFUL[type];
    if (kind?.severity !== "data-loss" || (operation !== "create" && operation !== "replace")) return [];
    return [`The ${kind.label} ${name} is made anew and comes back empty.`];
  });
}
