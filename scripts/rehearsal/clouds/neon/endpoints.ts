import type { Hono } from "hono";
import { z } from "zod";
import {
  type Account,
  assertNotBusy,
  endOf,
  newId,
  PLANS,
  requireBranch,
  requireEndpoint,
  requireProject,
  schedule,
} from "./account.ts";
import { NeonError } from "./error.ts";
import type { EndpointDocument, ProjectDocument } from "./model.ts";
import { Cu, readBody } from "./request.ts";
import { endpointView, operationView } from "./views.ts";

const Sizes = {
  autoscaling_limit_min_cu: Cu.optional(),
  autoscaling_limit_max_cu: Cu.optional(),
  suspend_timeout_seconds: z.number().int().optional(),
};
interface Wanted {
  type: "read_write" | "read_only";
  autoscaling_limit_min_cu?: number | undefined;
  autoscaling_limit_max_cu?: number | undefined;
  suspend_timeout_seconds?: number | undefined;
}

const PATH = "/projects/:project/endpoints";

/** https://api-docs.neon.tech/reference/createprojectendpoint and its neighbours */
export function endpointRoutes(api: Hono, account: Account): void {
  const list = (project: ProjectDocument, branchId?: string) => ({
    endpoints: account.endpoints
      .list()
      .filter((each) => each.projectId === project.id && (!branchId || each.branchId === branchId))
      .map((each) => endpointView(account, each, project)),
  });

  api.get(PATH, (c) => c.json(list(requireProject(account, c.req.param("project")))));
  api.get("/projects/:project/branches/:branch/endpoints", (c) => {
    const branch = requireBranch(account, c.req.param("project"), c.req.param("branch"));
    return c.json(list(requireProject(account, branch.projectId), branch.id));
  });
  api.get(`${PATH}/:endpoint`, (c) => {
    const project = requireProject(account, c.req.param("project"));
    const endpoint = requireEndpoint(account, project.id, c.req.param("endpoint"));
    return c.json({ endpoint: endpointView(account, endpoint, project) });
  });

  api.post(PATH, async (c) => {
    const project = requireProject(account, c.req.param("project"));
    const { endpoint: wanted } = await readBody(
      c,
      z.object({
        endpoint: z.object({ ...Sizes, branch_id: z.string(), type: z.enum(["read_write", "read_only"]) }),
      }),
    );
    const branch = requireBranch(account, project.id, wanted.branch_id);
    assertNotBusy(account, project.id);
    const operations = schedule(account, project.id, [{ action: "start_compute", branchId: branch.id }]);
    const endpoint = addEndpoint(account, project, branch.id, wanted, endOf(operations));
    return c.json(
      {
        endpoint: endpointView(account, endpoint, project),
        operations: operations.map((each) => operationView(account, each)),
      },
      201,
    );
  });

  api.patch(`${PATH}/:endpoint`, async (c) => {
    const project = requireProject(account, c.req.param("project"));
    const endpoint = requireEndpoint(account, project.id, c.req.param("endpoint"));
    const { endpoint: wanted } = await readBody(c, z.object({ endpoint: z.object(Sizes) }));
    assertNotBusy(account, project.id);
    const maxCu = wanted.autoscaling_limit_max_cu ?? endpoint.maxCu;
    assertSize(account, maxCu);
    const operations = schedule(account, project.id, [
      { action: "apply_config", branchId: endpoint.branchId, endpointId: endpoint.id },
    ]);
    const updated = account.endpoints.put(endpoint.id, {
      ...endpoint,
      minCu: wanted.autoscaling_limit_min_cu ?? endpoint.minCu,
      maxCu,
      suspendTimeoutSeconds: wanted.suspend_timeout_seconds ?? endpoint.suspendTimeoutSeconds,
      updated: account.now(),
    });
    return c.json({
      endpoint: endpointView(account, updated, project),
      operations: operations.map((each) => operationView(account, each)),
    });
  });

  api.delete(`${PATH}/:endpoint`, (c) => {
    const project = requireProject(account, c.req.param("project"));
    const endpoint = requireEndpoint(account, project.id, c.req.param("endpoint"));
    assertNotBusy(account, project.id);
    const operations = schedule(account, project.id, [
      { action: "suspend_compute", branchId: endpoint.branchId, endpointId: endpoint.id },
    ]);
    account.endpoints.delete(endpoint.id);
    return c.json({
      endpoint: endpointView(account, endpoint, project),
      operations: operations.map((each) => operationView(account, each)),
    });
  });

  for (const [name, action, state] of [
    ["start", "start_compute", "active"],
    ["suspend", "suspend_compute", "idle"],
  ] as const)
    api.post(`${PATH}/:endpoint/${name}`, (c) => {
      const project = requireProject(account, c.req.param("project"));
      const endpoint = requireEndpoint(account, project.id, c.req.param("endpoint"));
      assertNotBusy(account, project.id);
      const operations = schedule(account, project.id, [
        { action, branchId: endpoint.branchId, endpointId: endpoint.id },
      ]);
      const updated = account.endpoints.put(endpoint.id, {
        ...endpoint,
        states: [...endpoint.states.slice(-1), { from: endOf(operations), state }],
        updated: account.now(),
      });
      return c.json({
        endpoint: endpointView(account, updated, project),
        operations: operations.map((each) => operationView(account, each)),
      });
    });
}

/** Puts a compute endpoint on a branch, active from a moment on. A branch has at most one that writes. */
export function addEndpoint(
  account: Account,
  project: ProjectDocument,
  branchId: string,
  wanted: Wanted,
  activeFrom: number,
): EndpointDocument {
  const others = account.endpoints.list().filter((each) => each.branchId === branchId);
  if (wanted.type === "read_write" && others.some((each) => each.type === "read_write"))
    throw new NeonError(409, "read-write endpoint already exists on the branch", "ENDPOINT_ALREADY_EXISTS");
  const maxCu = wanted.autoscaling_limit_max_cu ?? project.maxCu;
  assertSize(account, maxCu);
  const now = account.now();
  const id = newId("ep");
  return account.endpoints.put(id, {
    id,
    projectId: project.id,
    branchId,
    type: wanted.type,
    minCu: wanted.autoscaling_limit_min_cu ?? project.minCu,
    maxCu,
    suspendTimeoutSeconds: wanted.suspend_timeout_seconds ?? 0,
    states: [
      { from: now, state: "init" },
      { from: activeFrom, state: "active" },
    ],
    created: now,
    updated: now,
  });
}

function assertSize(account: Account, maxCu: number): void {
  const limit = PLANS[account.plan].maxCu;
  if (maxCu > limit) throw new NeonError(422, `autoscaling limit exceeds the plan's maximum of ${limit} CU`);
}
