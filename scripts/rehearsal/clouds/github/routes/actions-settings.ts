import { z } from "zod";
import { allow } from "../auth.ts";
import { ApiError, notFound, validationFailed } from "../errors.ts";
import type { Api, Hub, Repo } from "../hub.ts";
import type { SubjectTemplate } from "../oidc.ts";
import { subjectPrefix, subjectTemplate } from "../oidc.ts";
import { body, page, type RequestContext, repoOf } from "../request.ts";

interface Variable {
  name: string;
  value: string;
  createdAt: string;
  updatedAt: string;
}
interface WorkflowPermissions {
  default_workflow_permissions: "read" | "write";
  can_approve_pull_request_reviews: boolean;
}

/** Variables, the default permissions of workflows, and the form of identity tokens. */
export function actionsSettingsRoutes(api: Api, hub: Hub): void {
  variableRoutes(api, hub);
  workflowPermissionRoutes(api, hub);
  subjectRoutes(api, hub);
}

/** https://docs.github.com/rest/actions/variables */
function variableRoutes(api: Api, hub: Hub): void {
  const base = "/repos/:owner/:repo/actions/variables";
  const of = (repo: Repo) => hub.store.collection<Variable>(`${repo.fullName}/variables`);
  const shown = ({ name, value, createdAt, updatedAt }: Variable) => ({
    name,
    value,
    created_at: createdAt,
    updated_at: updatedAt,
  });
  const found = (c: RequestContext) => {
    const variable = of(repoOf(hub, c)).get((c.req.param("name") ?? "").toUpperCase());
    if (!variable) throw notFound();
    return variable;
  };
  api.get(base, allow("read", "actions-variables"), (c) => {
    const all = of(repoOf(hub, c)).list();
    return c.json({ total_count: all.length, variables: page(c, all.map(shown)) });
  });
  api.get(`${base}/:name`, allow("read", "actions-variables"), (c) => c.json(shown(found(c))));
  api.post(base, allow("write", "actions-variables"), async (c: RequestContext) => {
    const { name, value } = await body(c, z.object({ name: z.string(), value: z.string() }));
    const all = of(repoOf(hub, c));
    const key = name.toUpperCase();
    if (all.get(key)) throw new ApiError(409, "Already exists - Variable already exists");
    const now = hub.instant();
    all.put(key, { name: key, value, createdAt: now, updatedAt: now });
    return c.body("{}", 201, { "content-type": "application/json" });
  });
  api.patch(`${base}/:name`, allow("write", "actions-variables"), async (c: RequestContext) => {
    const { value } = await body(c, z.object({ value: z.string(), name: z.string().optional() }));
    const variable = found(c);
    of(repoOf(hub, c)).put(variable.name, { ...variable, value, updatedAt: hub.instant() });
    return c.body(null, 204);
  });
  api.delete(`${base}/:name`, allow("write", "actions-variables"), (c) => {
    of(repoOf(hub, c)).delete(found(c).name);
    return c.body(null, 204);
  });
}

/** https://docs.github.com/rest/actions/permissions#get-default-workflow-permissions-for-a-repository */
function workflowPermissionRoutes(api: Api, hub: Hub): void {
  const path = "/repos/:owner/:repo/actions/permissions/workflow";
  const all = hub.store.collection<WorkflowPermissions>("workflow-permissions");
  // What an organization that never touched the setting has.
  const fallback: WorkflowPermissions = {
    default_workflow_permissions: "write",
    can_approve_pull_request_reviews: false,
  };
  api.get(path, allow("read", "administration"), (c) => c.json(all.get(repoOf(hub, c).fullName) ?? fallback));
  api.put(path, allow("write", "administration"), async (c: RequestContext) => {
    const { fullName } = repoOf(hub, c);
    const asked = await body(
      c,
      z.object({
        default_workflow_permissions: z.enum(["read", "write"]).optional(),
        can_approve_pull_request_reviews: z.boolean().optional(),
      }),
    );
    all.put(fullName, { ...(all.get(fullName) ?? fallback), ...asked });
    return c.body(null, 204);
  });
}

/** https://docs.github.com/rest/actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository */
function subjectRoutes(api: Api, hub: Hub): void {
  const path = "/repos/:owner/:repo/actions/oidc/customization/sub";
  api.get(path, allow("read", "actions"), (c) => {
    const repo = repoOf(hub, c);
    const template = subjectTemplate(hub, repo.fullName);
    return c.json({ ...template, sub_claim_prefix: subjectPrefix(hub, repo) });
  });
  api.put(path, allow("write", "actions"), async (c: RequestContext) => {
    const repo = repoOf(hub, c);
    const asked = await body(
      c,
      z.object({ use_default: z.boolean(), use_immutable_subject: z.boolean().optional() }).loose(),
    );
    if (!asked.use_default) throw validationFailed("A template of one's own is not rehearsed");
    const known = subjectTemplate(hub, repo.fullName);
    hub.store.collection<SubjectTemplate>("oidc-subjects").put(repo.fullName, {
      use_default: true,
      use_immutable_subject: asked.use_immutable_subject ?? known.use_immutable_subject,
    });
    return c.body("{}", 201, { "content-type": "application/json" });
  });
}
