import { approvalWord, labelsAllowedBy } from "../change/approval-word.ts";
import { approvalLabel } from "../change/hazards/index.ts";
import type { Hazard } from "../change/model.ts";
import { EXIT, UserError } from "../errors.ts";

/**
 * Stops a rollback whose infrastructure has hazards that nobody allowed, as a deployment would be. There is no pull
 * request to label: the approval is an argument, in the words of {@link approvalWord}.
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
  const labels = labelsAllowedBy(allowed, digest);
  const unapproved = hazards.filter((hazard) => !labels.has(approvalLabel(hazard)));
  if (unapproved.length === 0) return;
  const words = unapproved.map((hazard) => approvalWord(hazard, digest)).join(" ");
  throw new UserError(
    "hazard-unapproved",
    `The rollback of ${stack} to ${target} has hazards that nobody allowed:\n${unapproved.map(({ rule, resource, what, avoid }) => `  ${rule} (${resource}): ${what} Instead: ${avoid}`).join("\n")}\nNothing was touched.`,
    `To allow them, start it again with allow set to: ${words} (on a terminal: --allow '${words}'). Or roll back with --scope edge or app.`,
    EXIT.stopped,
  );
}
