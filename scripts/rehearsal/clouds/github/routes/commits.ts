import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { GitChange } from "../git.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { CommitStatus } from "../model.ts";
import { pullJson, pullsOfCommit } from "../pull.ts";
import { apiOf, commitJson, nodeId, userJson, webOf } from "../render.ts";
import { body, linkPages, page, pageAsked, type RequestContext, repoOf } from "../request.ts";

const CreateStatus = z.object({
  state: z.enum(["error", "failure", "pending", "success"]),
  target_url: z.string().nullish(),
  description: z.string().nullish(),
  context: z.string().default("default"),
});

/** Commits, comparisons and commit statuses. https://docs.github.com/rest/commits/commits */
export function commitRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo";

  api.get(`${base}/commits`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const start = await repo.git.resolve(c.req.query("sha") ?? repo.defaultBranch);
    if (!start) throw c.req.query("sha") ? notFound() : new ApiError(409, "Git Repository is empty.");
    const { number, size } = pageAsked(c);
    const filters = [
      ...(["since", "until", "author"] as const).flatMap((name) => {
        const value = c.req.query(name);
        return value ? [`--${name}=${value}`] : [];
      }),
      start,
    ];
    const paths = c.req.query("path") ? [c.req.query("path") ?? ""] : [];
    linkPages(c, await repo.git.count(filters, paths));
    const commits = await repo.git.log(filters, { limit: size, skip: (number - 1) * size, paths });
    return c.json(commits.map((commit) => commitJson(hub, repo, commit)));
  });

  api.get(`${base}/commits/:ref/pulls`, allow("read", "pull-requests", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await requireCommit(repo, c.req.param("ref"));
    const pulls = await pullsOfCommit(hub, repo, sha);
    return c.json(await Promise.all(page(c, pulls).map((pull) => pullJson(hub, repo, pull))));
  });

  api.get(`${base}/commits/:ref/status`, allow("read", "statuses"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await requireCommit(repo, c.req.param("ref"));
    const newest = latestStatuses(repo, sha);
    return c.json({
      state: combinedState(newest),
      statuses: page(c, newest).map((status) => statusJson(hub, repo, status)),
      sha,
      total_count: newest.length,
      commit_url: `${apiOf(hub, repo)}/commits/${sha}`,
      url: `${apiOf(hub, repo)}/commits/${sha}/status`,
    });
  });
  api.get(`${base}/commits/:ref/statuses`, allow("read", "statuses"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await requireCommit(repo, c.req.param("ref"));
    const statuses = repo.statuses.list().filter((status) => status.sha === sha);
    return c.json(page(c, statuses.reverse()).map((status) => statusJson(hub, repo, status)));
  });
  api.post(`${base}/statuses/:sha`, allow("write", "statuses"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, CreateStatus);
    const sha = await repo.git.resolve(c.req.param("sha") ?? "");
    if (!sha) throw new ApiError(422, `No commit found for SHA: ${c.req.param("sha")}`);
    if ((asked.description ?? "").length > 140)
      throw validationFailed({
        resource: "Status",
        code: "custom",
        field: "description",
        message: "description is too long (maximum is 140 characters)",
      });
    const id = hub.store.next("status", 20_000_000_001);
    const status = repo.statuses.put(id, {
      id,
      sha,
      state: asked.state,
      context: asked.context,
      description: asked.description ?? null,
      targetUrl: asked.target_url ?? null,
      user: c.get("identity").user.login,
      createdAt: hub.instant(),
    });
    return c.json(statusJson(hub, repo, status), 201);
  });

  api.get(`${base}/commits/:ref{.+}`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const sha = await requireCommit(repo, c.req.param("ref"));
    const commit = await repo.git.commit(sha);
    if (!commit) throw notFound();
    const files = await repo.git.changes(commit.parents[0], sha);
    return c.json({
      ...commitJson(hub, repo, commit),
      stats: sum(files),
      files: files.map((file) => fileJson(hub, repo, file, sha)),
    });
  });

  api.get(`${base}/compare/:basehead{.+}`, allow("read", "contents"), async (c) => {
    const repo = repoOf(hub, c);
    const [baseName = "", headName = ""] = c.req.param("basehead").split("...");
    const [from, to] = await Promise.all([repo.git.resolve(baseName), repo.git.resolve(headName)]);
    const merge = from && to ? await repo.git.mergeBase(from, to) : undefined;
    if (!from || !to || !merge) throw notFound();
    const [ahead, behind, baseCommit, mergeBase] = await Promise.all([
      repo.git.log(["--reverse", `${from}..${to}`]),
      repo.git.count([`${to}..${from}`]),
      repo.git.commit(from),
      repo.git.commit(merge),
    ]);
    if (!baseCommit || !mergeBase) throw notFound();
    const files = await repo.git.changes(merge, to);
    const url = `${apiOf(hub, repo)}/compare/${baseName}...${headName}`;
    const status =
      from === to ? "identical" : behind === 0 ? "ahead" : ahead.length === 0 ? "behind" : "diverged";
    return c.json({
      url,
      html_url: `${webOf(repo)}/compare/${baseName}...${headName}`,
      permalink_url: `${webOf(repo)}/compare/${from}...${to}`,
      status,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      base_commit: commitJson(hub, repo, baseCommit),
      merge_base_commit: commitJson(hub, repo, mergeBase),
      commits: page(c, ahead).map((commit) => commitJson(hub, repo, commit)),
      files: files.map((file) => fileJson(hub, repo, file, to)),
    });
  });
}

async function requireCommit(repo: Repo, ref: string): Promise<string> {
  const sha = await repo.git.resolve(ref);
  if (sha) return sha;
  throw new ApiError(422, `No commit found for SHA: ${ref}`);
}

function sum(files: GitChange[]): { total: number; additions: number; deletions: number } {
  const additions = files.reduce((total, file) => total + file.additions, 0);
  const deletions = files.reduce((total, file) => total + file.deletions, 0);
  return { total: additions + deletions, additions, deletions };
}

export function fileJson(hub: Hub, repo: Repo, file: GitChange, at: string): Record<string, unknown> {
  const path = file.filename.split("/").map(encodeURIComponent).join("/");
  return {
    ...file,
    blob_url: `${webOf(repo)}/blob/${at}/${path}`,
    raw_url: `${webOf(repo)}/raw/${at}/${path}`,
    contents_url: `${apiOf(hub, repo)}/contents/${path}?ref=${at}`,
  };
}

/** The newest status of each context. */
export function latestStatuses(repo: Repo, sha: string): CommitStatus[] {
  const byContext = new Map<string, CommitStatus>();
  for (const status of repo.statuses.list()) if (status.sha === sha) byContext.set(status.context, status);
  return [...byContext.values()];
}

export function combinedState(statuses: CommitStatus[]): "failure" | "pending" | "success" {
  if (statuses.some((status) => status.state === "error" || status.state === "failure")) return "failure";
  return statuses.length === 0 || statuses.some((status) => status.state === "pending")
    ? "pending"
    : "success";
}

function statusJson(hub: Hub, repo: Repo, status: CommitStatus): Record<string, unknown> {
  return {
    url: `${apiOf(hub, repo)}/statuses/${status.sha}`,
    id: status.id,
    node_id: nodeId("SC", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: userJson(hub, status.user),
  };
}
