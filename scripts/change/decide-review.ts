import type { Comparison } from "./compare-changes.ts";
import { approvalLabel } from "./hazards/index.ts";
import type { Hazard } from "./model.ts";

/** What a stack's team wants where a change is not what was reviewed: stop, or go on unless the difference has a hazard. */
export const POLICIES = ["stop", "safe-only"] as const;
export type Policy = (typeof POLICIES)[number];

/** What is known when a deployment has to be let through or stopped. */
export interface Evidence {
  policy: Policy;
  /** Against what was reviewed; undefined where nothing was. */
  comparison: Comparison | undefined;
  /** The hazards of the change as it is now. */
  hazards: readonly Hazard[];
  /** The labels that count for the reviewed change ({@link approvalLabel}); for no other one. */
  approvals: ReadonlySet<string>;
}

export type Decision =
  | { kind: "as-reviewed" }
  /** Another change than the reviewed one, or none was reviewed: it goes on because the policy says so. */
  | { kind: "let-through" }
  /** `hazards` are those of the difference; by the policy `stop` there may be none. */
  | { kind: "changed"; hazards: readonly Hazard[] }
  /** What was reviewed, with hazards that nobody has allowed. */
  | { kind: "unapproved"; hazards: readonly Hazard[] };

/**
 * Decides whether a change may be applied. Pure.
 *
 * A hazard is one of the difference where its step differs; where it is of the change as a whole (a cost), or where not
 * every difference can be named, any difference makes it one.
 */
export function decideReview({ policy, comparison, hazards, approvals }: Evidence): Decision {
  const unapproved = (some: readonly Hazard[]) =>
    some.filter((hazard) => !approvals.has(approvalLabel(hazard)));
  if (comparison?.same) {
    const left = unapproved(hazards);
    return left.length > 0 ? { kind: "unapproved", hazards: left } : { kind: "as-reviewed" };
  }
  const differing = new Set(comparison?.differences.map(({ urn }) => urn));
  const added = hazards.filter(
    ({ urn }) => !comparison || comparison.unnamed || urn === "" || differing.has(urn),
  );
  if (policy === "stop" || added.length > 0) return { kind: "changed", hazards: added };
  const left = unapproved(hazards);
  return left.length > 0 ? { kind: "unapproved", hazards: left } : { kind: "let-through" };
}
