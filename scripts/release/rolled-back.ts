import { EXIT, UserError } from "../errors.ts";
import type { ReleaseManifest } from "./manifest.ts";

/** A rollback after which nobody has said yet that the stack may go forward again. */
export interface Hold {
  /** The releases that the stack was taken from and brought back to. */
  from: string;
  to: string;
  scope: string;
  by: string;
  /** ISO 8601. */
  at: string;
  runUrl?: string;
}

/**
 * Whether deployments of a stack wait for `resume`: its last release is a rollback. One that failed half-way holds too,
 * since whoever was woken has not finished with it.
 */
export function holdOf(last: ReleaseManifest | undefined): Hold | undefined {
  if (last?.kind !== "rollback") return undefined;
  return {
    // Rollbacks of before this was written down have only the release before them.
    from: last.rollback?.from ?? last.previous ?? "an unknown release",
    to: last.rollback?.to ?? last.sha.slice(0, 7),
    scope: last.rollback?.scope ?? "all",
    by: last.actor,
    at: last.finishedAt ?? last.startedAt,
    runUrl: last.runUrl,
  };
}

/** One sentence for a person: who took the stack from where to where, and when. */
export function describeHold(stack: string, { from, to, scope, by, at, runUrl }: Hold): string {
  const when = `${at.slice(0, 16).replace("T", " ")} UTC`;
  return `${stack} was rolled back from ${from} to ${to} (${scope}) by ${by} at ${when}${runUrl ? `, ${runUrl}` : ""}.`;
}

/**
 * Stops a deployment that would silently undo a rollback.
 *
 * @throws UserError `rolled-back` (exit code 3): nothing was touched
 */
export function refuseWhileHeld(stack: string, last: ReleaseManifest | undefined): void {
  const hold = holdOf(last);
  if (!hold) return;
  throw new UserError(
    "rolled-back",
    `${describeHold(stack, hold)} A deployment now would bring back what that took away. Nothing was touched.`,
    `When the fault is mended in what you deploy: gh workflow run resume.yml -f stack=${stack} (on a terminal: npm run resume -- ${stack}), then run this job again.`,
    EXIT.stopped,
  );
}
