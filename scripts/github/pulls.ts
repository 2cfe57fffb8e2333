import { z } from "zod";
import type { Github } from "./client.ts";

export interface PullRequest {
  number: number;
  title: string;
  url: string;
  state: "open" | "closed";
  merged: boolean;
  /** The commit on the base branch that the merge made; undefined before the merge. */
  mergeSha: string | undefined;
  isDraft: boolean;
  isFork: boolean;
  author: string;
  labels: string[];
  headSha: string;
  headRef: string;
  baseSha: string;
  baseRef: string;
}

const Side = z.object({
  sha: z.string(),
  ref: z.string(),
  repo: z.object({ full_name: z.string() }).nullish(),
});
const Label = z.object({ name: z.string() });
const Pull = z
  .object({
    number: z.number(),
    title: z.string(),
    html_url: z.string(),
    state: z.enum(["open", "closed"]),
    merged_at: z.string().nullish(),
    merge_commit_sha: z.string().nullish(),
    draft: z.boolean().default(false),
    user: z.object({ login: z.string() }).nullish(),
    labels: z.array(Label),
    head: Side,
    base: Side,
  })
  .transform((pull): PullRequest => {
    const merged = typeof pull.merged_at === "string";
    return {
      number: pull.number,
      title: pull.title,
      url: pull.html_url,
      state: pull.state,
      merged,
      // Before the merge GitHub has the test merge's commit here.
      mergeSha: merged ? (pull.merge_commit_sha ?? undefined) : undefined,
      isDraft: pull.draft,
      // A fork that was deleted has no repository any more.
      isFork: pull.head.repo?.full_name !== pull.base.repo?.full_name,
      author: pull.user?.login ?? "",
      labels: pull.labels.map(({ name }) => name),
      headSha: pull.head.sha,
      headRef: pull.head.ref,
      baseSha: pull.base.sha,
      baseRef: pull.base.ref,
    };
  });

/**
 * The pull request that brought a commit, however it was merged; for a commit that is not merged yet, the open one that
 * has it. Undefined for a commit that was pushed directly.
 * https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
 */
export async function pullRequestOfCommit(github: Github, sha: string): Promise<PullRequest | undefined> {
  const { data } = await github.request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", {
    ...github.at,
    commit_sha: sha,
    per_page: 100,
  });
  const pulls = z.array(Pull).parse(data);
  return (
    pulls.find((pull) => pull.mergeSha === sha) ??
    pulls.find((pull) => pull.merged) ??
    pulls.find((pull) => pull.state === "open")
  );
}
