import { execa } from "execa";
import type { Context } from "../../context.ts";
import { EXIT, UserError } from "../../errors.ts";
import { isAncestor } from "../../github/compare.ts";
import { GithubRefusal } from "../../github/refusal.ts";
import type { ReleaseManifest } from "../../release/manifest.ts";
import type { Caller } from "../environment.ts";

/**
 * Tells whether a commit has been overtaken: the stack runs a newer one that contains it. A deployment of it would turn the
 * stack back.
 *
 * @returns the newer release where the commit's own deployment came too late, which loses nothing; undefined where the commit
 * is to be deployed
 * @throws UserError `commit-superseded` (exit code 3) where the commit has had its turn and is deployed again
 */
export async function refuseSuperseded(
  context: Context,
  caller: Caller,
  stack: string,
  sha: string,
): Promise<ReleaseManifest | undefined> {
  const releases = await caller.releases.list(stack, 100);
  const [last] = releases;
  // A stack that was rolled back is held, whatever the commit: the deployment says so itself.
  if (last?.kind === "rollback") return undefined;
  if (!last || last.sha === sha || !(await contains(context, caller, last.sha, sha))) return undefined;
  const hadItsTurn = (caller.event?.runAttempt ?? 1) > 1 || releases.some((release) => release.sha === sha);
  if (!hadItsTurn) return last;
  const own = releases.find((release) => release.sha === sha && release.outcome === "succeeded");
  throw new UserError(
    "commit-superseded",
    `Stack ${stack} runs ${last.id}, which contains commit ${sha.slice(0, 7)} and is newer: deploying this commit again would turn the stack back. Nothing was touched.`,
    own
      ? `To go back on purpose: npm run rollback -- ${stack} --to ${own.id} --dry-run, then the workflow rollback with that release.`
      : `To deploy what is newest, run the last job of main again. To go back on purpose, see npm run releases -- ${stack} and run the workflow rollback.`,
    EXIT.stopped,
  );
}

async function contains(
  { root }: Context,
  { github }: Caller,
  newer: string,
  older: string,
): Promise<boolean> {
  if (github)
    return isAncestor(github, older, newer).catch((error: unknown) => {
      // A commit that GitHub has not any more contains nothing.
      if (error instanceof GithubRefusal && error.kind === "not-found") return false;
      throw error;
    });
  const args = ["merge-base", "--is-ancestor", older, newer];
  return (await execa("git", args, { cwd: root, reject: false })).exitCode === 0;
}
