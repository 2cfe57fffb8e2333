import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { BranchPolicy, Environment } from "../model.ts";
import { apiOf, nodeId, userJson, webOf } from "../render.ts";
import { body, numberParam, page, type RequestContext, repoOf } from "../request.ts";

const UpdateEnvironment = z.object({
  wait_timer: z.number().int().min(0).max(43_200).nullish(),
  prevent_self_review: z.boolean().nullish(),
  reviewers: z
    .array(z.object({ type: z.enum(["User", "Team"]), id: z.number() }))
    .max(6)
    .nullish(),
  deployment_branch_policy: z
    .object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() })
    .refine((asked) => asked.protected_branches !== asked.custom_branch_policies, "can't both be the same")
    .nullish(),
});
const NewPolicy = z.object({ name: z.string().min(1), type: z.enum(["branch", "tag"]).default("branch") });

/** An environment comes into being with its first deployment. */
export function ensureEnvironment(hub: Hub, repo: Repo, name: string): Environment {
  const instant = hub.instant();
  return (
    repo.environments.get(name) ??
    repo.environments.put(name, {
      id: hub.store.next("environment", 1_000_000_001),
      name,
      waitMinutes: 0,
      reviewers: [],
      createdAt: instant,
      updatedAt: instant,
    })
  );
}

/** https://docs.github.com/rest/deployments/environments */
export function environmentRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/environments";

  api.get(base, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    const all = repo.environments.list();
    return c.json({
      total_count: all.length,
      environments: page(c, all).map((environment) => environmentJson(hub, repo, environment)),
    });
  });
  api.get(`${base}/:name`, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    return c.json(environmentJson(hub, repo, environmentOf(repo, c)));
  });
  api.put(`${base}/:name`, allow("write", "administration"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(c, UpdateEnvironment);
    const known = ensureEnvironment(hub, repo, c.req.param("name") ?? "");
    const reviewers = (asked.reviewers ?? []).map(({ id }) => {
      const user = hub.users.list().find((each) => each.id === id);
      if (!user) throw validationFailed({ resource: "Environment", code: "invalid", field: "reviewers" });
      return user.login;
    });
    const policy = asked.deployment_branch_policy;
    const saved = repo.environments.put(known.name, {
      ...known,
      waitMinutes: asked.wait_timer ?? 0,
      reviewers,
      branchPolicy: policy ? (policy.custom_branch_policies ? "custom" : "protected") : undefined,
      // What was allowed is forgotten with the setting.
      branchPolicies: policy?.custom_branch_policies ? (known.branchPolicies ?? []) : [],
      updatedAt: hub.instant(),
    });
    return c.json(environmentJson(hub, repo, saved));
  });
  api.delete(`${base}/:name`, allow("write", "administration"), (c) => {
    if (!repoOf(hub, c).environments.delete(c.req.param("name"))) throw notFound();
    return c.body(null, 204);
  });
  branchPolicyRoutes(api, hub);
}

/** https://docs.github.com/rest/deployments/branch-policies */
function branchPolicyRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/environments/:name/deployment-branch-policies";
  const shown = ({ id, name, type }: BranchPolicy) => ({ id, node_id: nodeId("GABP", id), name, type });
  api.get(base, allow("read", "actions"), (c) => {
    const all = environmentOf(repoOf(hub, c), c).branchPolicies ?? [];
    return c.json({ total_count: all.length, branch_policies: page(c, all.map(shown)) });
  });
  api.post(base, allow("write", "administration"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const environment = environmentOf(repo, c);
    const asked = await body(c, NewPolicy);
    if (environment.branchPolicy !== "custom") throw notFound();
    const all = environment.branchPolicies ?? [];
    // GitHub answers so to a policy that is there already.
    if (all.some(({ name, type }) => name === asked.name && type === asked.type))
      throw new ApiError(303, "A deployment branch policy with this name exists already.");
    const policy = { id: hub.store.next("branch-policy", 7_000_001), ...asked };
    repo.environments.put(environment.name, { ...environment, branchPolicies: [...all, policy] });
    return c.json(shown(policy));
  });
  api.delete(`${base}/:id`, allow("write", "administration"), (c) => {
    const repo = repoOf(hub, c);
    const environment = environmentOf(repo, c);
    const id = numberParam(c, "id");
    const left = (environment.branchPolicies ?? []).filter((policy) => policy.id !== id);
    if (left.length === (environment.branchPolicies ?? []).length) throw notFound();
    repo.environments.put(environment.name, { ...environment, branchPolicies: left });
    return c.body(null, 204);
  });
}

function environmentOf(repo: Repo, c: RequestContext): Environment {
  const environment = repo.environments.get(c.req.param("name") ?? "");
  if (!environment) throw notFound();
  return environment;
}

function environmentJson(hub: Hub, repo: Repo, environment: Environment): Record<string, unknown> {
  const rule = (type: string, rest: Record<string, unknown>) => ({
    id: environment.id,
    node_id: nodeId("GA", `${environment.id}-${type}`),
    type,
    ...rest,
  });
  return {
    id: environment.id,
    node_id: nodeId("EN", environment.id),
    name: environment.name,
    url: `${apiOf(hub, repo)}/environments/${encodeURIComponent(environment.name)}`,
    html_url: `${webOf(repo)}/deployments/activity_log?environments_filter=${encodeURIComponent(environment.name)}`,
    created_at: environment.createdAt,
    updated_at: environment.updatedAt,
    can_admins_bypass: true,
    deployment_branch_policy: environment.branchPolicy
      ? {
          protected_branches: environment.branchPolicy === "protected",
          custom_branch_policies: environment.branchPolicy === "custom",
        }
      : null,
    protection_rules: [
      ...(environment.branchPolicy ? [rule("branch_policy", {})] : []),
      ...(environment.waitMinutes > 0 ? [rule("wait_timer", { wait_timer: environment.waitMinutes })] : []),
      ...(environment.reviewers.length > 0
        ? [
            rule("required_reviewers", {
              prevent_self_review: false,
              reviewers: environment.reviewers.map((login) => ({
                type: "User",
                reviewer: userJson(hub, login),
              })),
            }),
          ]
        : []),
    ],
  };
}
