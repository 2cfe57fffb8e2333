import { createHash } from "node:crypto";
import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { Artifact, Run } from "../model.ts";
import { apiOf, nodeId, repoJson, userJson, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";
import { startRun } from "../run.ts";
import { forget, signedUrl } from "../storage.ts";

/** Workflow runs, artifacts, workflows and approvals. https://docs.github.com/rest/actions */
export function actionRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/actions";

  api.get(`${base}/runs`, allow("read", "actions"), (c) => listRuns(hub, c, () => true));
  api.get(`${base}/runs/:id`, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(runJson(hub, repo, runOf(repo, c)));
  });
  api.post(`${base}/runs/:id/cancel`, allow("write", "actions"), (c) => {
    const repo = repoOf(hub, c);
    const run = runOf(repo, c);
    if (run.status === "completed")
      throw new ApiError(409, "Cannot cancel a workflow run that is completed.");
    repo.runs.put(run.id, { ...run, status: "completed", conclusion: "cancelled", updatedAt: hub.instant() });
    return c.json({}, 202);
  });

  approvalRoutes(api, hub);
  workflowRoutes(api, hub);
  artifactRoutes(api, hub);
}

function runOf(repo: Repo, c: RequestContext): Run {
  const run = repo.runs.get(numberParam(c, "id"));
  if (!run) throw notFound();
  return run;
}

function listRuns(hub: Hub, c: RequestContext, wanted: (run: Run) => boolean): Response {
  const repo = repoOf(hub, c);
  const query = (name: string, of: (run: Run) => (string | null)[]) => {
    const value = c.req.query(name);
    return (run: Run): boolean => value === undefined || of(run).includes(value);
  };
  const filters = [
    wanted,
    query("branch", (run) => [run.headBranch]),
    query("event", (run) => [run.event]),
    query("actor", (run) => [run.actor]),
    query("head_sha", (run) => [run.headSha]),
    // One parameter for both, as at GitHub.
    query("status", (run) => [run.status, run.conclusion]),
  ];
  const runs = repo.runs
    .list()
    .filter((run) => filters.every((fits) => fits(run)))
    .reverse();
  return c.json({
    total_count: runs.length,
    workflow_runs: page(c, runs).map((run) => runJson(hub, repo, run)),
  });
}

/** A number for a workflow file, always the same one. */
function workflowId(path: string): number {
  return createHash("sha256").update(path).digest().readUInt32BE();
}

function runJson(hub: Hub, repo: Repo, run: Run): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/actions/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("WFR", run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    display_title: run.name,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflowId(run.path),
    url,
    html_url: `${webOf(repo)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.createdAt,
    actor: userJson(hub, run.actor),
    triggering_actor: userJson(hub, run.actor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${apiOf(hub, repo)}/actions/workflows/${workflowId(run.path)}`,
    repository: repoJson(hub, repo),
    head_repository: repoJson(hub, repo),
  };
}

const Approval = z.object({
  environment_ids: z.array(z.number()),
  state: z.enum(["approved", "rejected"]),
  comment: z.string(),
});

/** https://docs.github.com/rest/actions/workflow-runs#review-pending-deployments-for-a-workflow-run */
function approvalRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/actions/runs/:id";
  api.get(`${base}/approvals`, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(
      runOf(repo, c).approvals.map(({ environments, state, comment, user }) => ({
        state,
        comment,
        user: userJson(hub, user),
        environments: environments.map((name) => ({ id: repo.environments.get(name)?.id, name })),
      })),
    );
  });
  api.post(`${base}/pending_deployments`, allow("write", "deployments"), async (c: RequestContext) => {
    const { user, token } = c.get("identity");
    if (token.kind === "integration") throw new ApiError(403, "Resource not accessible by integration");
    const repo = repoOf(hub, c);
    const run = runOf(repo, c);
    const asked = await body(c, Approval);
    const chosen = repo.environments.list().filter(({ id }) => asked.environment_ids.includes(id));
    if (chosen.length === 0 || chosen.some(({ reviewers }) => !reviewers.includes(user.login)))
      throw new ApiError(422, "There are no pending deployment requests to approve or reject");
    const environments = chosen.map(({ name }) => name);
    const approval = { environments, state: asked.state, comment: asked.comment, user: user.login };
    repo.runs.put(run.id, { ...run, approvals: [...run.approvals, approval], updatedAt: hub.instant() });
    return c.json([]);
  });
}

const Dispatch = z.object({
  ref: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

/** https://docs.github.com/rest/actions/workflows */
function workflowRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/actions/workflows";

  api.get(base, allow("read", "actions"), async (c) => {
    const repo = repoOf(hub, c);
    const paths = await workflowPaths(repo);
    return c.json({
      total_count: paths.length,
      workflows: page(c, paths).map((path) => workflowJson(hub, repo, path)),
    });
  });
  api.get(`${base}/:workflow`, allow("read", "actions"), async (c) => {
    const repo = repoOf(hub, c);
    return c.json(workflowJson(hub, repo, await workflowOf(repo, c)));
  });
  api.get(`${base}/:workflow/runs`, allow("read", "actions"), async (c) => {
    const path = await workflowOf(repoOf(hub, c), c);
    return listRuns(hub, c, (run) => run.path === path);
  });

  api.post(`${base}/:workflow/dispatches`, allow("write", "actions"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const path = await workflowOf(repo, c);
    const asked = await body(c, Dispatch);
    const name = asked.ref.replace(/^refs\/(heads|tags)\//, "");
    const full = (await repo.git.ref(`refs/heads/${name}`)) ?? (await repo.git.ref(`refs/tags/${name}`));
    if (!full) throw new ApiError(422, `No ref found for: ${asked.ref}`);
    const entry = (await repo.git.list(full.commit, path))[0];
    const text = entry ? (await repo.git.blob(entry.sha)).toString() : "";
    if (!/\bworkflow_dispatch\b/.test(text))
      throw new ApiError(422, "Workflow does not have 'workflow_dispatch' trigger");
    startRun(hub, repo, {
      name: /^name:\s*["']?(.+?)["']?\s*$/m.exec(text)?.[1] ?? path,
      path,
      event: "workflow_dispatch",
      ref: full.ref,
      headSha: full.commit,
      status: "queued",
      actor: c.get("identity").user.login,
      inputs: asked.inputs,
    });
    return c.body(null, 204);
  });
}

async function workflowPaths(repo: Repo): Promise<string[]> {
  const tip = await repo.git.resolve(repo.defaultBranch);
  const entries = tip ? await repo.git.list(tip, ".github/workflows/") : [];
  return entries.map((entry) => entry.path).filter((path) => /\.ya?ml$/.test(path));
}

/** The workflow's path, asked for by its file name or its number. */
async function workflowOf(repo: Repo, c: RequestContext): Promise<string> {
  const asked = c.req.param("workflow") ?? "";
  const path = (await workflowPaths(repo)).find(
    (known) => known.endsWith(`/${asked}`) || String(workflowId(known)) === asked,
  );
  if (!path) throw notFound();
  return path;
}

function workflowJson(hub: Hub, repo: Repo, path: string): Record<string, unknown> {
  const id = workflowId(path);
  return {
    id,
    node_id: nodeId("W", id),
    name: path,
    path,
    state: "active",
    created_at: repo.createdAt,
    updated_at: repo.createdAt,
    url: `${apiOf(hub, repo)}/actions/workflows/${id}`,
    html_url: `${webOf(repo)}/blob/${repo.defaultBranch}/${path}`,
    badge_url: `${webOf(repo)}/workflows/${id}/badge.svg`,
  };
}

/** https://docs.github.com/rest/actions/artifacts */
function artifactRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/actions";
  const list = (c: RequestContext, wanted: (artifact: Artifact) => boolean): Response => {
    const repo = repoOf(hub, c);
    const name = c.req.query("name");
    const found = repo.artifacts
      .list()
      .filter((artifact) => wanted(artifact) && (name === undefined || artifact.name === name))
      .reverse();
    return c.json({
      total_count: found.length,
      artifacts: page(c, found).map((artifact) => artifactJson(hub, repo, artifact)),
    });
  };
  const artifactOf = (repo: Repo, c: RequestContext): Artifact => {
    const artifact = repo.artifacts.get(numberParam(c, "artifact"));
    if (!artifact) throw notFound();
    return artifact;
  };

  api.get(`${base}/artifacts`, allow("read", "actions"), (c) => list(c, () => true));
  api.get(`${base}/runs/:id/artifacts`, allow("read", "actions"), (c) => {
    const run = numberParam(c, "id");
    return list(c, (artifact) => artifact.runId === run);
  });
  api.get(`${base}/artifacts/:artifact`, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(artifactJson(hub, repo, artifactOf(repo, c)));
  });
  api.get(`${base}/artifacts/:artifact/:format`, allow("read", "actions"), (c) => {
    const artifact = artifactOf(repoOf(hub, c), c);
    if (c.req.param("format") !== "zip") throw notFound();
    if (artifact.expired) throw new ApiError(410, "Artifact has expired");
    return c.redirect(signedUrl(hub, "artifact", artifact.id, "application/zip"), 302);
  });
  api.delete(`${base}/artifacts/:artifact`, allow("write", "actions"), async (c) => {
    const repo = repoOf(hub, c);
    const { id } = artifactOf(repo, c);
    repo.artifacts.delete(id);
    await forget(hub, "artifact", id);
    return c.body(null, 204);
  });
}

export function artifactJson(hub: Hub, repo: Repo, artifact: Artifact): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/actions/artifacts/${artifact.id}`;
  const run = repo.runs.get(artifact.runId);
  return {
    id: artifact.id,
    node_id: nodeId("MDg6QXJ0aWZhY3Q", artifact.id),
    name: artifact.name,
    size_in_bytes: artifact.size,
    digest: `sha256:${artifact.sha256}`,
    url,
    archive_download_url: `${url}/zip`,
    expired: artifact.expired,
    created_at: artifact.createdAt,
    updated_at: artifact.createdAt,
    expires_at: artifact.expiresAt,
    workflow_run: run
      ? {
          id: run.id,
          repository_id: repo.id,
          head_repository_id: repo.id,
          head_branch: run.headBranch,
          head_sha: run.headSha,
        }
      : null,
  };
}
