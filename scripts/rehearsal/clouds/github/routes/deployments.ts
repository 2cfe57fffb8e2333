import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { Deployment, DeploymentStatus } from "../model.ts";
import { actionsApp, apiOf, nodeId, personOf, userJson } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";
import { combinedState, latestStatuses } from "./commits.ts";
import { ensureEnvironment } from "./environments.ts";

const Create = z.object({
  ref: z.string(),
  task: z.string().default("deploy"),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).nullish(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
  environment: z.string().default("production"),
  description: z.string().nullish(),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
});
const CreateStatus = z.object({
  state: z.enum(["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]),
  target_url: z.string().default(""),
  log_url: z.string().optional(),
  description: z.string().default(""),
  environment: z.string().optional(),
  environment_url: z.string().default(""),
  auto_inactive: z.boolean().default(true),
});

/** https://docs.github.com/rest/deployments/deployments and …/statuses */
export function deploymentRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/deployments";

  api.get(base, allow("read", "deployments"), (c) => {
    const repo = repoOf(hub, c);
    const wanted = (["sha", "ref", "task", "environment"] as const).map(
      (field) => [field, c.req.query(field)] as const,
    );
    const found = repo.deployments
      .list()
      .filter((deployment) =>
        wanted.every(
          ([field, value]) => value === undefined || value === "none" || deployment[field] === value,
        ),
      )
      .reverse();
    return c.json(page(c, found).map((deployment) => deploymentJson(hub, repo, deployment)));
  });

  api.post(base, allow("write", "deployments"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, Create);
    const sha = await repo.git.resolve(asked.ref);
    if (!sha) throw new ApiError(422, `No ref found for: ${asked.ref}`);
    if (asked.auto_merge) {
      const merged = await mergeDefaultBranch(hub, repo, asked.ref, c.get("identity").user.login);
      if (merged) return c.json({ message: merged }, 202);
    }
    checkContexts(repo, asked, sha);
    const id = hub.store.next("deployment", 2_000_000_001);
    const instant = hub.instant();
    const deployment = hub.store.transaction(() => {
      ensureEnvironment(hub, repo, asked.environment);
      return repo.deployments.put(id, {
        id,
        sha,
        ref: asked.ref,
        task: asked.task,
        payload: asked.payload,
        environment: asked.environment,
        description: asked.description ?? null,
        transient: asked.transient_environment,
        production: asked.production_environment ?? asked.environment === "production",
        user: c.get("identity").user.login,
        createdAt: instant,
        updatedAt: instant,
      });
    });
    return c.json(deploymentJson(hub, repo, deployment), 201);
  });

  api.get(`${base}/:id`, allow("read", "deployments"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(deploymentJson(hub, repo, deploymentOf(repo, c)));
  });

  api.delete(`${base}/:id`, allow("write", "deployments"), (c) => {
    const repo = repoOf(hub, c);
    const { id, environment } = deploymentOf(repo, c);
    const alone = repo.deployments.list().filter((other) => other.environment === environment).length === 1;
    if (!alone && currentState(repo, id) !== "inactive")
      throw new ApiError(
        422,
        "We cannot delete an active deployment unless it is the only deployment in a given environment.",
      );
    repo.deployments.delete(id);
    return c.body(null, 204);
  });

  api.get(`${base}/:id/statuses`, allow("read", "deployments"), (c) => {
    const repo = repoOf(hub, c);
    const statuses = statusesOf(repo, deploymentOf(repo, c).id).reverse();
    return c.json(page(c, statuses).map((status) => statusJson(hub, repo, status)));
  });
  api.get(`${base}/:id/statuses/:status`, allow("read", "deployments"), (c) => {
    const repo = repoOf(hub, c);
    const status = repo.deploymentStatuses.get(numberParam(c, "status"));
    if (!status || status.deployment !== deploymentOf(repo, c).id) throw notFound();
    return c.json(statusJson(hub, repo, status));
  });

  api.post(`${base}/:id/statuses`, allow("write", "deployments"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const deployment = deploymentOf(repo, c);
    const asked = await body(c, CreateStatus);
    if (asked.description.length > 140)
      throw validationFailed({
        resource: "DeploymentStatus",
        code: "custom",
        field: "description",
        message: "description is too long (maximum is 140 characters)",
      });
    const login = c.get("identity").user.login;
    const status = hub.store.transaction(() => {
      const environment = asked.environment ?? deployment.environment;
      const moved = { ...deployment, environment, updatedAt: hub.instant() };
      repo.deployments.put(deployment.id, moved);
      if (asked.state === "success" && asked.auto_inactive) retireOthers(hub, repo, moved, login);
      return addStatus(hub, repo, moved, login, {
        state: asked.state,
        description: asked.description,
        environmentUrl: asked.environment_url,
        logUrl: asked.log_url ?? asked.target_url,
      });
    });
    return c.json(statusJson(hub, repo, status), 201);
  });
}

function deploymentOf(repo: Repo, c: RequestContext): Deployment {
  const deployment = repo.deployments.get(numberParam(c, "id"));
  if (!deployment) throw notFound();
  return deployment;
}

function statusesOf(repo: Repo, deployment: number): DeploymentStatus[] {
  return repo.deploymentStatuses.list().filter((status) => status.deployment === deployment);
}

function currentState(repo: Repo, deployment: number): string | undefined {
  return statusesOf(repo, deployment).at(-1)?.state;
}

function addStatus(
  hub: Hub,
  repo: Repo,
  deployment: Deployment,
  user: string,
  status: Pick<DeploymentStatus, "state" | "description" | "environmentUrl" | "logUrl">,
): DeploymentStatus {
  const id = hub.store.next("deployment-status", 3_000_000_001);
  return repo.deploymentStatuses.put(id, {
    ...status,
    id,
    deployment: deployment.id,
    environment: deployment.environment,
    user,
    createdAt: hub.instant(),
  });
}

/** `auto_inactive`: earlier successful deployments of the environment go inactive, but not transient or production ones. */
function retireOthers(hub: Hub, repo: Repo, deployment: Deployment, login: string): void {
  for (const other of repo.deployments.list()) {
    const earlier = other.id !== deployment.id && other.environment === deployment.environment;
    if (!earlier || other.transient || other.production || currentState(repo, other.id) !== "success")
      continue;
    addStatus(hub, repo, other, login, {
      state: "inactive",
      description: "",
      environmentUrl: "",
      logUrl: "",
    });
  }
}

/** `auto_merge`: a branch that is behind the default branch gets it merged in instead of being deployed. */
async function mergeDefaultBranch(
  hub: Hub,
  repo: Repo,
  ref: string,
  login: string,
): Promise<string | undefined> {
  const [branch, main] = await Promise.all([
    repo.git.ref(`refs/heads/${ref}`),
    repo.git.ref(`refs/heads/${repo.defaultBranch}`),
  ]);
  if (!branch || !main || ref === repo.defaultBranch || (await repo.git.isAncestor(main.sha, branch.sha)))
    return undefined;
  const tree = await repo.git.mergeTree(branch.sha, main.sha);
  if (!tree) throw new ApiError(409, `Conflict merging ${repo.defaultBranch} into ${ref}.`);
  const message = `Merge branch '${repo.defaultBranch}' into ${ref}`;
  const sha = await repo.git.commitTree(tree, [branch.sha, main.sha], message, personOf(hub, login));
  await repo.git.updateRef(branch.ref, sha, branch.sha);
  return `Auto-merged ${repo.defaultBranch} into ${ref} on deployment.`;
}

function checkContexts(repo: Repo, asked: z.infer<typeof Create>, sha: string): void {
  const statuses = latestStatuses(repo, sha);
  const wanted = asked.required_contexts;
  const relevant = wanted ? statuses.filter((status) => wanted.includes(status.context)) : statuses;
  const missing = (wanted ?? []).filter((context) => !statuses.some((status) => status.context === context));
  if (relevant.length + missing.length === 0) return;
  if (missing.length === 0 && combinedState(relevant) === "success") return;
  throw new ApiError(409, `Conflict: Commit status checks failed for ${asked.ref}.`, {
    errors: [
      {
        resource: "Deployment",
        field: "required_contexts",
        code: "invalid",
        value: {
          contexts: relevant.map(({ context, state }) => ({ context, state })),
          missing,
        },
      },
    ],
  });
}

function deploymentJson(hub: Hub, repo: Repo, deployment: Deployment): Record<string, unknown> {
  const url = `${apiOf(hub, repo)}/deployments/${deployment.id}`;
  return {
    url,
    id: deployment.id,
    node_id: nodeId("DE", deployment.id),
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
    statuses_url: `${url}/statuses`,
    repository_url: apiOf(hub, repo),
    creator: userJson(hub, deployment.user),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: deployment.payload,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: deployment.user.endsWith("[bot]") ? actionsApp() : null,
  };
}

function statusJson(hub: Hub, repo: Repo, status: DeploymentStatus): Record<string, unknown> {
  const deployment = `${apiOf(hub, repo)}/deployments/${status.deployment}`;
  return {
    url: `${deployment}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId("DES", status.id),
    state: status.state,
    creator: userJson(hub, status.user),
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: deployment,
    repository_url: apiOf(hub, repo),
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    performed_via_github_app: status.user.endsWith("[bot]") ? actionsApp() : null,
  };
}
