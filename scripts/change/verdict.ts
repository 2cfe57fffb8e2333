import { approvalLabel } from "./hazards/index.ts";
import type { Change, EdgeChange, Hazard } from "./model.ts";

export type VerdictKind = "no-change" | "safe" | "needs-approval" | "will-fail";

/** A preview in one word, and the hazards that nobody has allowed yet. */
export interface Verdict {
  kind: VerdictKind;
  /** For people: `Needs approval`. */
  words: string;
  unapproved: Hazard[];
}

export const VERDICT_WORDS: { readonly [kind in VerdictKind]: string } = {
  "no-change": "No change",
  safe: "Safe",
  "needs-approval": "Needs approval",
  "will-fail": "Will fail",
};

/**
 * Judges one stack's preview. `approvals` are the labels that count ({@link approvalLabel}); the caller knows whose labels
 * those are and whether they were given for this digest.
 */
export function judge(preview: {
  change?: Change;
  hazards: readonly Hazard[];
  /** What the engine or the pipeline failed with. */
  failure?: unknown;
  approvals?: readonly string[];
  edge?: readonly EdgeChange[];
}): Verdict {
  const approved = new Set(preview.approvals);
  const unapproved = preview.hazards.filter((hazard) => !approved.has(approvalLabel(hazard)));
  const kind = kindOf(preview, unapproved);
  return { kind, words: VERDICT_WORDS[kind], unapproved };
}

const SEVERITY: readonly VerdictKind[] = ["no-change", "safe", "needs-approval", "will-fail"];

/** 0 for no change, the more the worse. */
export function severity(kind: VerdictKind): number {
  return SEVERITY.indexOf(kind);
}

export function worstVerdict(kinds: readonly VerdictKind[]): VerdictKind {
  return SEVERITY[Math.max(0, ...kinds.map(severity))] ?? "no-change";
}

function kindOf(
  { change, failure, edge = [] }: Pick<Parameters<typeof judge>[0], "change" | "failure" | "edge">,
  unapproved: readonly Hazard[],
): VerdictKind {
  if (failure !== undefined || !change) return "will-fail";
  if (change.diagnostics.some((diagnostic) => diagnostic.severity === "error")) return "will-fail";
  if (unapproved.length > 0) return "needs-approval";
  const edgeChanges = edge.some(({ action }) => action !== "same");
  return change.steps.length === 0 && change.outputs.length === 0 && !edgeChanges ? "no-change" : "safe";
}
