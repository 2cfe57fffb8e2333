import { approvalLabel } from "../change/hazards/index.ts";
import type { Hazard } from "../change/model.ts";
import { EXIT, UserError } from "../errors.ts";

/** How many digits of a digest an approval names: enough that no other change has the same. */
const DIGITS = 12;

/** What whoever starts the rollback has to say to allow a hazard of exactly this change: `allow:<hazard>:<resource>@<digest>`. */
export function approvalWord(hazard: Hazard, digest: string): string {
  return `${approvalLabel(hazard)}@${digest.slice(0, DIGITS)}`;
}

/** The hazards that none of the words allow. */
export function unapprovedHazards(
  hazards: readonly Hazard[],
  digest: string,
  allowed: readonly string[],
): Hazard[] {
  return hazards.filter((hazard) => !allowed.includes(approvalWord(hazard, digest)));
}

/**
 * Stops a rollback whose infrastructure has hazards that nobody allowed, as a deployment would be. There is no pull
 * request to label: the approval is an argument, and it counts for one digest only.
 *
 * @throws UserError `hazard-unapproved` (exit code 3): nothing was touched
 */
export function guardRollback(
  stack: string,
  target: string,
  hazards: readonly Hazard[],
  digest: string,
  allowed: readonly string[],
): void {
  const unapproved = unapprovedHazards(hazards, digest, allowed);
  if (unapproved.length === 0) return;
  const words = unapproved.map((hazard) => approvalWord(hazard, digest)).join(" ");
  throw new UserError(
    "hazard-unapproved",
    `The rollback of ${stack} to ${target} has hazards that nobody allowed:\n${unapproved.map(({ rule, resource, what, avoid }) => `  ${rule} (${resource}): ${what} Instead: ${avoid}`).join("\n")}\nNothing was touched.`,
    `To allow them, start it again with allow set to: ${words} (on a terminal: --allow '${words}'). Or roll back with --scope edge or app.`,
    EXIT.stopped,
  );
}
