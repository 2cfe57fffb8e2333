import { EXIT, UserError } from "../errors.ts";
import { isAncestor } from "../github/compare.ts";
import { latestReleases } from "../release/store.ts";
import type { Caller } from "./environment.ts";

/**
 * Stops a deployment of a commit that the stack has left behind: an old run that was started again, or one that was
 * overtaken, would quietly take back what came after it. To go back on purpose is what a rollback is for.
 *
 * @throws UserError `commit-superseded` (exit code 3): nothing was touched
 */
export async function refuseSuperseded(caller: Caller, stack: string, sha: string): Promise<void> {
  if (!caller.github) return;
  const { last } = await latestReleases(caller.releases, stack);
  if (!last || last.sha === sha || !(await isAncestor(caller.github, sha, last.sha))) return;
  throw new UserError(
    "commit-superseded",
    `${stack} runs ${last.sha.slice(0, 7)} (release ${last.id}), which comes after ${sha.slice(0, 7)}. Nothing was touched.`,
    `Run the newest deployment again instead; to go back to an earlier release, run the workflow rollback.`,
    EXIT.stopped,
  );
}
