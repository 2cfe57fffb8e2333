import { findRepo, gitDirOf, type Hub, type Repo } from "./hub.ts";
import { ensureLabel, withState } from "./issue.ts";
import type { Issue, Pull } from "./model.ts";
import { apiOf, association, labelJson, nodeId, personOf, repoJson, userJson, webOf } from "./render.ts";

/**
 * Brings one pull request up to date with its branches. Pushes go straight to the bare repository, so that the cloud
 * learns of them when somebody asks: a new head, a deleted branch, a head that landed on its base by a push.
 */
export async function refreshPull(hub: Hub, repo: Repo, pull: Pull): Promise<Pull> {
  const issue = repo.issues.get(pull.number);
  if (!issue || issue.state === "closed") return pull;
  const base = await baseTip(repo, pull);
  if (!base) return pull;
  const begun = pull.merging;
  if (begun) {
    if (await repo.git.isAncestor(begun.sha, base)) return finishMerge(hub, repo, pull, issue, begun);
    return repo.pulls.put(pull.number, { ...pull, merging: null });
  }
  const head = await readHead(hub, repo, pull);
  if (!head) {
    repo.issues.put(issue.number, withState(issue, "closed", issue.user, hub.instant()));
    return pull;
  }
  let current = pull;
  if (head !== pull.headSha) {
    await repo.git.updateRef(`refs/pull/${pull.number}/head`, head);
    repo.issues.put(issue.number, { ...issue, updatedAt: hub.instant() });
    current = repo.pulls.put(pull.number, { ...pull, headSha: head, baseSha: base });
  }
  if (base !== current.baseSha && (await repo.git.isAncestor(head, base)))
    return finishMerge(hub, repo, current, repo.issues.get(issue.number) ?? issue, {
      sha: head,
      oldBase: current.baseSha,
      by: issue.user,
    });
  return current;
}

/** All pull requests, each up to date. */
export async function refreshPulls(hub: Hub, repo: Repo): Promise<Pull[]> {
  const pulls: Pull[] = [];
  for (const pull of repo.pulls.list()) pulls.push(await refreshPull(hub, repo, pull));
  return pulls;
}

/** The head branch's commit, with its objects in this repository; undefined if the branch is gone. */
export async function readHead(
  hub: Hub,
  repo: Repo,
  head: Pick<Pull, "headRepository" | "headRef">,
): Promise<string | undefined> {
  const [owner = "", name = ""] = head.headRepository.split("/");
  const from = findRepo(hub, owner, name);
  const sha = (await from?.git.ref(`refs/heads/${head.headRef}`))?.sha;
  if (sha && from && from.fullName !== repo.fullName && !(await repo.git.resolve(sha)))
    await repo.git.fetch(gitDirOf(hub.world, from.owner, from.name), `refs/heads/${head.headRef}`);
  return sha;
}

/** Records a merge that is on the base branch. */
export async function finishMerge(
  hub: Hub,
  repo: Repo,
  pull: Pull,
  issue: Issue,
  merge: { sha: string; oldBase: string; by: string },
): Promise<Pull> {
  const [landed, commits] = await Promise.all([
    repo.git.shas([`${merge.oldBase}..${merge.sha}`]),
    repo.git.shas([`${merge.oldBase}..${pull.headSha}`]),
  ]);
  return hub.store.transaction(() => {
    repo.issues.put(issue.number, withState(issue, "closed", merge.by, hub.instant()));
    return repo.pulls.put(pull.number, {
      ...pull,
      merging: null,
      mergedAt: hub.instant(),
      mergedBy: merge.by,
      mergeSha: merge.sha,
      landed,
      commits,
    });
  });
}

/** https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit */
export async function pullsOfCommit(hub: Hub, repo: Repo, sha: string): Promise<Pull[]> {
  const found: Pull[] = [];
  for (const pull of await refreshPulls(hub, repo)) {
    const has =
      pull.mergeSha === null
        ? (await ownCommits(repo, pull)).includes(sha)
        : pull.landed.includes(sha) || pull.commits.includes(sha);
    if (has) found.push(pull);
  }
  return found;
}

/** The commits that the pull request would bring to its base, oldest first. */
export async function ownCommits(repo: Repo, pull: Pull): Promise<string[]> {
  if (pull.mergeSha !== null) return [...pull.commits].reverse();
  return repo.git.shas(["--reverse", `${(await baseTip(repo, pull)) ?? pull.baseSha}..${pull.headSha}`]);
}

export async function baseTip(repo: Repo, pull: Pull): Promise<string | undefined> {
  return (await repo.git.ref(`refs/heads/${pull.baseRef}`))?.sha;
}

/** The pull request as lists have it. */
export async function pullJson(hub: Hub, repo: Repo, pull: Pull): Promise<Record<string, unknown>> {
  const issue = repo.issues.get(pull.number);
  if (!issue) throw new Error(`pull request ${pull.number} has no issue`);
  const url = `${apiOf(hub, repo)}/pulls/${pull.number}`;
  const html = `${webOf(repo)}/pull/${pull.number}`;
  const [owner = "", name = ""] = pull.headRepository.split("/");
  const headRepo = findRepo(hub, owner, name);
  return {
    url,
    id: issue.id,
    node_id: nodeId("PR", issue.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: `${apiOf(hub, repo)}/issues/${pull.number}`,
    comments_url: `${apiOf(hub, repo)}/issues/${pull.number}/comments`,
    commits_url: `${url}/commits`,
    statuses_url: `${apiOf(hub, repo)}/statuses/${pull.headSha}`,
    number: pull.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: userJson(hub, issue.user),
    body: issue.body,
    labels: issue.labels.map((label) => labelJson(hub, repo, ensureLabel(hub, repo, label))),
    milestone: null,
    assignees: issue.assignees.map((login) => userJson(hub, login)),
    requested_reviewers: [],
    requested_teams: [],
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    draft: pull.draft,
    auto_merge: null,
    author_association: association(hub, repo, issue.user),
    head: {
      label: `${owner}:${pull.headRef}`,
      ref: pull.headRef,
      sha: pull.headSha,
      user: userJson(hub, owner),
      repo: headRepo ? repoJson(hub, headRepo) : null,
    },
    base: {
      label: `${repo.owner}:${pull.baseRef}`,
      ref: pull.baseRef,
      sha: pull.baseSha,
      user: userJson(hub, repo.owner),
      repo: repoJson(hub, repo),
    },
  };
}

/** The pull request as a single GET has it: with the test merge, which also makes `refs/pull/N/merge`. */
export async function pullDetailJson(hub: Hub, repo: Repo, pull: Pull): Promise<Record<string, unknown>> {
  const [json, merge, files, commits] = await Promise.all([
    pullJson(hub, repo, pull),
    pull.mergeSha === null ? testMerge(hub, repo, pull) : undefined,
    changedFiles(repo, pull),
    ownCommits(repo, pull),
  ]);
  const issue = repo.issues.get(pull.number);
  return {
    ...json,
    merged: pull.mergeSha !== null,
    merged_by: pull.mergedBy ? userJson(hub, pull.mergedBy) : null,
    merge_commit_sha: pull.mergeSha ?? merge ?? null,
    mergeable: pull.mergeSha === null ? merge !== undefined : null,
    rebaseable: pull.mergeSha === null ? merge !== undefined : null,
    mergeable_state:
      pull.mergeSha !== null ? "unknown" : merge === undefined ? "dirty" : pull.draft ? "draft" : "clean",
    comments: issue?.comments ?? 0,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((total, file) => total + file.additions, 0),
    deletions: files.reduce((total, file) => total + file.deletions, 0),
    changed_files: files.length,
  };
}

export async function changedFiles(repo: Repo, pull: Pull) {
  const first = (await ownCommits(repo, pull))[0];
  if (!first) return [];
  const tip = pull.mergeSha === null ? ((await baseTip(repo, pull)) ?? pull.baseSha) : pull.baseSha;
  return repo.git.changes(await repo.git.mergeBase(tip, pull.headSha), pull.headSha);
}

/** The commit of `refs/pull/N/merge`, made anew when either side moved; undefined for a conflict. */
async function testMerge(hub: Hub, repo: Repo, pull: Pull): Promise<string | undefined> {
  const base = await baseTip(repo, pull);
  if (!base) return undefined;
  const name = `refs/pull/${pull.number}/merge`;
  const known = await repo.git.ref(name);
  const parents = known && (await repo.git.commit(known.sha))?.parents;
  if (known && parents?.[0] === base && parents[1] === pull.headSha) return known.sha;
  const tree = await repo.git.mergeTree(base, pull.headSha);
  if (!tree) return undefined;
  const message = `Merge ${pull.headSha} into ${base}`;
  const author = personOf(hub, repo.issues.get(pull.number)?.user ?? repo.owner);
  const sha = await repo.git.commitTree(tree, [base, pull.headSha], message, author);
  await repo.git.updateRef(name, sha);
  return sha;
}
