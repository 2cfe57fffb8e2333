import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import { type Api, findRepo, type Hub, type Repo } from "../hub.ts";
import { checkBody, createIssue, withState } from "../issue.ts";
import type { Pull, Review } from "../model.ts";
import {
  baseTip,
  changedFiles,
  finishMerge,
  ownCommits,
  pullDetailJson,
  pullJson,
  readHead,
  refreshPull,
  refreshPulls,
} from "../pull.ts";
import { apiOf, association, commitJson, nodeId, personOf, userJson, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";
import { fileJson } from "./commits.ts";

const Create = z.object({
  title: z.string(),
  head: z.string(),
  base: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
  head_repo: z.string().optional(),
});
const Update = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(["open", "closed"]).optional(),
  base: z.string().optional(),
});
const Merge = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(["merge", "squash", "rebase"]).default("merge"),
});

/** https://docs.github.com/rest/pulls/pulls */
export function pullRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/pulls";
  const one = `${base}/:number`;

  api.post(base, allow("write", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const pull = await open(hub, repo, c, await body(c, Create));
    return c.json(await pullDetailJson(hub, repo, pull), 201);
  });

  api.get(base, allow("read", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    const state = c.req.query("state") ?? "open";
    const head = c.req.query("head");
    const into = c.req.query("base");
    const pulls = (await refreshPulls(hub, repo)).filter((pull) => {
      const issue = repo.issues.get(pull.number);
      return (
        (state === "all" || issue?.state === state) &&
        (!head || head === `${pull.headRepository.split("/")[0]}:${pull.headRef}`) &&
        (!into || into === pull.baseRef)
      );
    });
    if (c.req.query("sort") === "updated") {
      const updated = (pull: Pull): string => repo.issues.get(pull.number)?.updatedAt ?? "";
      pulls.sort((a, b) => updated(a).localeCompare(updated(b)) || a.number - b.number);
    }
    if ((c.req.query("direction") ?? "desc") === "desc") pulls.reverse();
    return c.json(await Promise.all(page(c, pulls).map((pull) => pullJson(hub, repo, pull))));
  });

  api.get(one, allow("read", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    return c.json(await pullDetailJson(hub, repo, await pullOf(hub, repo, c)));
  });

  api.patch(one, allow("write", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const pull = await pullOf(hub, repo, c);
    const asked = await body(c, Update);
    checkBody("PullRequest", asked.body);
    const issue = repo.issues.get(pull.number);
    if (!issue) throw notFound();
    if (asked.base !== undefined && !(await repo.git.ref(`refs/heads/${asked.base}`)))
      throw validationFailed({ resource: "PullRequest", code: "invalid", field: "base" });
    if (asked.state === "open" && pull.mergeSha !== null)
      throw validationFailed({
        resource: "PullRequest",
        code: "custom",
        field: "state",
        message: "state cannot be changed. The pull request cannot be reopened.",
      });
    const edited = {
      ...issue,
      title: asked.title ?? issue.title,
      body: asked.body === undefined ? issue.body : asked.body,
      updatedAt: hub.instant(),
    };
    const changed = asked.state !== undefined && asked.state !== issue.state;
    const by = c.get("identity").user.login;
    repo.issues.put(
      pull.number,
      changed && asked.state ? withState(edited, asked.state, by, hub.instant()) : edited,
    );
    const moved = repo.pulls.put(pull.number, { ...pull, baseRef: asked.base ?? pull.baseRef });
    return c.json(await pullDetailJson(hub, repo, await refreshPull(hub, repo, moved)));
  });

  api.get(`${one}/files`, allow("read", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    const pull = await pullOf(hub, repo, c);
    const files = await changedFiles(repo, pull);
    return c.json(page(c, files).map((file) => fileJson(hub, repo, file, pull.headSha)));
  });

  api.get(`${one}/commits`, allow("read", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    const shas = await ownCommits(repo, await pullOf(hub, repo, c));
    const commits = await Promise.all(page(c, shas).map((sha) => repo.git.commit(sha)));
    return c.json(commits.flatMap((commit) => (commit ? [commitJson(hub, repo, commit)] : [])));
  });

  api.get(`${one}/merge`, allow("read", "pull-requests", "contents"), async (c) => {
    const pull = await pullOf(hub, repoOf(hub, c), c);
    if (pull.mergeSha === null) throw notFound();
    return c.body(null, 204);
  });
  api.put(`${one}/merge`, allow("write", "contents"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Merge);
    const sha = await merge(hub, repo, await pullOf(hub, repo, c), asked, c.get("identity").user.login);
    return c.json({ sha, merged: true, message: "Pull Request successfully merged" });
  });

  reviewRoutes(api, hub);
}

async function pullOf(hub: Hub, repo: Repo, c: RequestContext): Promise<Pull> {
  const pull = repo.pulls.get(numberParam(c, "number"));
  if (!pull) throw notFound();
  return refreshPull(hub, repo, pull);
}

async function open(hub: Hub, repo: Repo, c: RequestContext, asked: z.infer<typeof Create>): Promise<Pull> {
  checkBody("PullRequest", asked.body);
  const [owner, headRef] = asked.head.includes(":") ? asked.head.split(":", 2) : [repo.owner, asked.head];
  const headRepository = `${owner}/${asked.head_repo ?? repo.name}`;
  const invalid = (field: string) => validationFailed({ resource: "PullRequest", field, code: "invalid" });
  const base = (await repo.git.ref(`refs/heads/${asked.base}`))?.sha;
  if (!base) throw invalid("base");
  if (!headRef || !findRepo(hub, owner ?? "", asked.head_repo ?? repo.name)) throw invalid("head");
  const head = await readHead(hub, repo, { headRepository, headRef });
  if (!head) throw invalid("head");
  const refused = (message: string) => validationFailed({ resource: "PullRequest", code: "custom", message });
  if ((await repo.git.count([`${base}..${head}`])) === 0)
    throw refused(`No commits between ${asked.base} and ${asked.head}`);
  const twin = repo.pulls
    .list()
    .find(
      (pull) =>
        pull.headRepository === headRepository &&
        pull.headRef === headRef &&
        pull.baseRef === asked.base &&
        repo.issues.get(pull.number)?.state === "open",
    );
  if (twin) throw refused(`A pull request already exists for ${owner}:${headRef}.`);
  const pull = hub.store.transaction(() => {
    const { number } = createIssue(hub, repo, c.get("identity"), {
      title: asked.title,
      body: asked.body ?? null,
      labels: [],
      assignees: [],
      isPull: true,
    });
    return repo.pulls.put(number, {
      number,
      headRepository,
      headRef,
      headSha: head,
      baseRef: asked.base,
      baseSha: base,
      draft: asked.draft,
      mergedAt: null,
      mergedBy: null,
      mergeSha: null,
      landed: [],
      commits: [],
      merging: null,
    });
  });
  await repo.git.updateRef(`refs/pull/${pull.number}/head`, head);
  return pull;
}

/** https://docs.github.com/rest/pulls/pulls#merge-a-pull-request */
async function merge(
  hub: Hub,
  repo: Repo,
  pull: Pull,
  asked: z.infer<typeof Merge>,
  login: string,
): Promise<string> {
  const issue = repo.issues.get(pull.number);
  const base = await baseTip(repo, pull);
  if (!issue || !base) throw notFound();
  if (issue.state === "closed" || pull.draft) throw new ApiError(405, "Pull Request is not mergeable");
  if (asked.sha !== undefined && asked.sha !== pull.headSha)
    throw new ApiError(409, "Head branch was modified. Review and try the merge again.");
  const sha = await mergeCommit(hub, repo, pull, issue.title, issue.body ?? "", base, asked, login);
  if (!sha) throw new ApiError(405, "Pull Request is not mergeable");
  const merging = { sha, oldBase: base, by: login };
  const begun = repo.pulls.put(pull.number, { ...pull, merging });
  if (!(await repo.git.updateRef(`refs/heads/${pull.baseRef}`, sha, base))) {
    repo.pulls.put(pull.number, pull);
    throw new ApiError(409, "Base branch was modified. Review and try the merge again.");
  }
  await finishMerge(hub, repo, begun, issue, merging);
  return sha;
}

async function mergeCommit(
  hub: Hub,
  repo: Repo,
  pull: Pull,
  title: string,
  text: string,
  base: string,
  asked: z.infer<typeof Merge>,
  login: string,
): Promise<string | undefined> {
  if (asked.merge_method === "rebase") return repo.git.rebase(base, pull.headSha);
  const tree = await repo.git.mergeTree(base, pull.headSha);
  if (!tree) return undefined;
  const message = (subject: string, rest: string): string =>
    [asked.commit_title ?? subject, asked.commit_message ?? rest].filter(Boolean).join("\n\n");
  if (asked.merge_method === "squash") {
    const author = repo.issues.get(pull.number)?.user ?? login;
    return repo.git.commitTree(
      tree,
      [base],
      message(`${title} (#${pull.number})`, text),
      personOf(hub, author),
    );
  }
  const from = `${pull.headRepository.split("/")[0]}/${pull.headRef}`;
  const subject = `Merge pull request #${pull.number} from ${from}`;
  return repo.git.commitTree(tree, [base, pull.headSha], message(subject, title), personOf(hub, login));
}

const CreateReview = z.object({
  body: z.string().default(""),
  event: z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]).optional(),
  commit_id: z.string().optional(),
});
const STATES = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
} as const;

/** https://docs.github.com/rest/pulls/reviews */
function reviewRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/pulls/:number/reviews";

  api.get(base, allow("read", "pull-requests"), async (c) => {
    const repo = repoOf(hub, c);
    const { number } = await pullOf(hub, repo, c);
    const reviews = repo.reviews.list().filter((review) => review.pull === number);
    return c.json(page(c, reviews).map((review) => reviewJson(hub, repo, review)));
  });

  api.post(base, allow("write", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const pull = await pullOf(hub, repo, c);
    const asked = await body(c, CreateReview);
    checkBody("PullRequestReview", asked.body);
    const { user, token } = c.get("identity");
    if (asked.event === "APPROVE" && repo.issues.get(pull.number)?.user === user.login)
      throw new ApiError(422, "Unprocessable Entity", { errors: ["Can not approve your own pull request"] });
    // A repository's setting, off by default: the workflow token must not approve.
    if (asked.event === "APPROVE" && token.kind === "integration")
      throw new ApiError(422, "Unprocessable Entity", {
        errors: ["GitHub Actions is not permitted to approve pull requests."],
      });
    const id = hub.store.next("review", 2_500_000_001);
    const review = repo.reviews.put(id, {
      id,
      pull: pull.number,
      user: user.login,
      body: asked.body,
      state: asked.event ? STATES[asked.event] : "PENDING",
      commit: asked.commit_id ?? pull.headSha,
      submittedAt: asked.event ? hub.instant() : null,
    });
    return c.json(reviewJson(hub, repo, review));
  });

  api.put(`${base}/:review/dismissals`, allow("write", "pull-requests"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const review = repo.reviews.get(numberParam(c, "review"));
    if (!review) throw notFound();
    return c.json(reviewJson(hub, repo, repo.reviews.put(review.id, { ...review, state: "DISMISSED" })));
  });
}

function reviewJson(hub: Hub, repo: Repo, review: Review): Record<string, unknown> {
  const html = `${webOf(repo)}/pull/${review.pull}`;
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: userJson(hub, review.user),
    body: review.body,
    state: review.state,
    html_url: `${html}#pullrequestreview-${review.id}`,
    pull_request_url: `${apiOf(hub, repo)}/pulls/${review.pull}`,
    author_association: association(hub, repo, review.user),
    ...(review.submittedAt && { submitted_at: review.submittedAt }),
    commit_id: review.commit,
  };
}
