import type { Comparison } from "./compare-changes.ts";
import { compareToReviews, type Reviewed } from "./compare-to-reviews.ts";
import { fingerprint, isFilledIn } from "./digest.ts";
import type { Change } from "./model.ts";

/**
 * Compares what is left of a change with what was reviewed, where an update of the same commit began to apply it and did not
 * end in order (the caller knows that from the update's own record).
 *
 * A step that is gone is done. One whose reviewed values were not known yet may know them now, as what they come from was
 * made meanwhile. All else is as strict as ever: a step that is new, another operation, any other value, steps that had no
 * room in the record. Outputs follow from the steps.
 *
 * @returns undefined where nothing was reviewed
 */
export function compareResumed(change: Change, reviews: readonly Reviewed[]): Comparison | undefined {
  const compared = compareToReviews(change, reviews);
  if (!compared || compared.same) return compared;
  const differences = compared.differences.filter(({ urn, kind, now }) => {
    if (kind !== "other") return kind === "new";
    const step = change.steps.find((each) => each.urn === urn && each.operation === now);
    return !step || !reviews.some((review) => isFilledIn(step, review.fingerprint, review.salt));
  });
  const unnamed = reviews.some(
    (review) => review.fingerprint.rest !== undefined || fingerprint(change, review.salt).rest !== undefined,
  );
  return { same: differences.length === 0 && !unnamed, differences, outputs: false, unnamed };
}
