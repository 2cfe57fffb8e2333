import { approvalLabel } from "./hazards/index.ts";
import type { Hazard } from "./model.ts";

/** How many digits of a digest a word names: enough that no other change has the same. */
const DIGITS = 12;

/**
 * What whoever starts a run by hand says to allow a hazard of exactly this change: `allow:<hazard>:<resource>@<digest>`. There
 * is no pull request to label, and GitHub lets nobody start a run who may not write.
 */
export function approvalWord(hazard: Hazard, digest: string): string {
  return `${approvalLabel(hazard)}${endOf(digest)}`;
}

/** The labels, `allow:<hazard>:<resource>`, that words allow for a change of this digest; for another one none. */
export function labelsAllowedBy(words: readonly string[], digest: string): Set<string> {
  const end = endOf(digest);
  return new Set(words.flatMap((word) => (word.endsWith(end) ? [word.slice(0, -end.length)] : [])));
}

function endOf(digest: string): string {
  return `@${digest.slice(0, DIGITS)}`;
}
