import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { EXIT, UserError } from "../errors.ts";

/**
 * A worktree of a release's commit, below the repository so that the installed packages are found.
 *
 * @throws UserError `commit-missing`
 */
export async function checkoutRelease(root: string, sha: string): Promise<string> {
  const dir = join(root, ".releases", "worktrees", sha);
  if (existsSync(join(dir, "infra", "Pulumi.yaml"))) return dir;
  try {
    // What a checkout that was killed half-way has left.
    rmSync(dir, { recursive: true, force: true });
    await execa("git", ["worktree", "add", "--detach", "--force", dir, sha], { cwd: root });
  } catch (error) {
    throw new UserError(
      "commit-missing",
      `Commit ${sha} of that release is not in this clone.`,
      "Fetch the whole history (git fetch --unshallow; in a workflow, fetch-depth: 0) and run the command again.",
      EXIT.usage,
      { cause: error },
    );
  }
  return dir;
}
