import { type Comparison, compareChanges, type StepDifference } from "./compare-changes.ts";
import { type Fingerprint, fingerprint, type Salt } from "./digest.ts";
import type { Change, Operation } from "./model.ts";

/** What one pull request's head was previewed with. */
export interface Reviewed {
  fingerprint: Fingerprint;
  salt: Salt;
}

/**
 * Compares a change with what was reviewed, newest first. With several pull requests (merged quickly, or after one whose
 * deployment was stopped) a step is the reviewed one if it is so in any of them, each under its own salt: the change that
 * brings them together was shown to nobody as a whole, but every step of it was.
 *
 * @returns undefined where nothing was reviewed
 */
export function compareToReviews(change: Change, reviews: readonly Reviewed[]): Comparison | undefined {
  const [newest, ...older] = reviews;
  if (!newest) return undefined;
  const compared = compareChanges(newest.fingerprint, fingerprint(change, newest.salt));
  if (compared.same || older.length === 0) return compared;

  const now = fingerprint(change, newest.salt);
  const reviewed = new Map<string, Operation>();
  const known = new Set<string>();
  for (const review of reviews) {
    const marks = new Map(review.fingerprint.steps.map((mark) => [mark.urn, mark]));
    for (const { urn, operation } of marks.values()) if (!reviewed.has(urn)) reviewed.set(urn, operation);
    for (const { urn, operation, hash } of fingerprint(change, review.salt).steps) {
      const mark = marks.get(urn);
      if (mark?.hash === hash && mark.operation === operation) known.add(`${urn} ${operation}`);
    }
  }
  const planned = new Set(now.steps.map(({ urn }) => urn));
  const differences: StepDifference[] = [
    ...now.steps
      .filter(({ urn, operation }) => !known.has(`${urn} ${operation}`))
      .map(({ urn, operation }): StepDifference => {
        const before = reviewed.get(urn);
        return before
          ? { urn, kind: "other", reviewed: before, now: operation }
          : { urn, kind: "new", now: operation };
      }),
    ...[...reviewed]
      .filter(([urn]) => !planned.has(urn))
      .map(([urn, operation]): StepDifference => ({ urn, kind: "gone", reviewed: operation })),
  ];
  const unnamed = now.rest !== undefined || reviews.some((review) => review.fingerprint.rest !== undefined);
  // Outputs follow from the steps: those of all together are in none of the reviews.
  return { same: differences.length === 0 && !unnamed, differences, outputs: false, unnamed };
}
