import { UserError } from "../errors.ts";
import type { Rehearsal } from "./play.ts";

/**
 * Ends a rehearsal that showed nothing, or something else than it should.
 *
 * @param dir the folder with the evidence, as the caller named it
 * @throws UserError `chapter-unplayable` where this machine can play none of the chapters that were asked for;
 * `expectation-failed`
 */
export function assertPassed(
  { outcome, chapters, scenes }: Pick<Rehearsal, "outcome" | "chapters" | "scenes">,
  dir: string,
): void {
  if (outcome === "failed")
    throw new UserError(
      "expectation-failed",
      `The rehearsal did not go as expected; the evidence is in ${dir}.`,
      "Look at the first expectation that was not met, above or in the report.",
    );
  if (scenes.length === 0)
    throw new UserError(
      "chapter-unplayable",
      `Nothing was rehearsed. ${chapters.map(({ title, skipped }) => `${title}: ${skipped}`).join("\n")}`,
      "Give this machine what it lacks, or play another chapter: npm run rehearse",
    );
}
