import { execa } from "execa";
import pLimit from "p-limit";
import type { Github } from "../../github/client.ts";
import { type PullRequest, pullRequestOfCommit } from "../../github/pulls.ts";

/** More commits than these between two deployments are not looked up one by one. */
const MOST_COMMITS = 50;
const PARALLEL = 6;

/** The pull requests that a deployment brings. */
export interface MergedPulls {
  /** That of the commit itself; undefined for a direct push. */
  own: PullRequest | undefined;
  /** All of them, newest first: the older ones were merged since the last release and have had no deployment of their own. */
  all: readonly PullRequest[];
}

/**
 * The pull requests whose merges are in a commit and not in the last release yet, however they were merged.
 *
 * @param last the commit of the stack's last release; undefined where there is none
 */
export async function mergedPulls(
  github: Github,
  root: string,
  sha: string,
  last: string | undefined,
): Promise<MergedPulls> {
  const commits = await mainline(root, sha, last);
  const atOnce = pLimit(PARALLEL);
  const found = await Promise.all(commits.map((commit) => atOnce(() => pullRequestOfCommit(github, commit))));
  const pulls = new Map<number, PullRequest>();
  for (const pull of found) if (pull && !pulls.has(pull.number)) pulls.set(pull.number, pull);
  return { own: found[0], all: [...pulls.values()] };
}

/** The commits of the branch itself since the last release, newest first; what a merge brought from the side is its merge's. */
async function mainline(root: string, sha: string, last: string | undefined): Promise<string[]> {
  if (last === undefined || last === sha) return [sha];
  const { stdout, failed } = await execa(
    "git",
    ["rev-list", "--first-parent", `--max-count=${MOST_COMMITS}`, `${last}..${sha}`],
    { cwd: root, reject: false },
  );
  const commits = stdout.split("\n").filter((line) => /^[0-9a-f]{40}$/.test(line));
  return failed || commits[0] !== sha ? [sha] : commits;
}
