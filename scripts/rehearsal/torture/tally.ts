import type { Outcome } from "./results.ts";

/** The kill matrix; the last four are to be 0. */
export interface Tally {
  kills: number;
  faults: number;
  duplicates: number;
  orphans: number;
  lost: number;
  unequal: number;
}

/**
 * Counts what was tried, and what was wrong in the end.
 *
 * @param broken trials that broke off: neither a kill nor a fault, but nobody has seen their ends to be equal either
 */
export function tally(outcomes: readonly Outcome[], broken: number): Tally {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  return {
    kills: sum(({ kind }) => (kind === "kill" ? 1 : 0)),
    faults: sum(({ kind }) => (kind === "fault" ? 1 : 0)),
    duplicates: sum(({ duplicates }) => duplicates.length),
    orphans: sum(({ orphans }) => orphans.length),
    lost: sum(({ lost }) => lost.length),
    unequal: sum(({ unequal }) => unequal.length) + broken,
  };
}
