import type { Hono } from "hono";
import { z } from "zod";
import { slowActionMs } from "../base/faults.ts";
import {
  type Account,
  assertNotBusy,
  branchesOf,
  endOf,
  newId,
  newPassword,
  newProjectId,
  PLANS,
  requireProject,
  schedule,
} from "./account.ts";
import { NeonError } from "./error.ts";
import type { ProjectDocument } from "./model.ts";
import { Cu, Name, pageOf, readBody } from "./request.ts";
import {
  branchView,
  connectionDetails,
  connectionUri,
  databaseView,
  endpointView,
  operationView,
  projectView,
  roleView,
} from "./views.ts";

/** https://neon.com/docs/introduction/regions */
const REGIONS = [
  "aws-us-east-1",
  "aws-us-east-2",
  "aws-us-west-2",
  "aws-eu-central-1",
  "aws-eu-west-2",
  "aws-ap-southeast-1",
  "aws-ap-southeast-2",
  "aws-sa-east-1",
] as const;

const CreateProject = z.object({
  project: z
    .object({
      name: Name.optional(),
      region_id: z.enum(REGIONS).default("aws-us-west-2"),
      pg_version: z.number().int().min(14).max(18).default(17),
      org_id: z.string().optional(),
      autoscaling_limit_min_cu: Cu.default(0.25),
      autoscaling_limit_max_cu: Cu.default(2),
      history_retention_seconds: z.number().int().nonnegative().optional(),
      branch: z
        .object({
          name: Name.default("main"),
          role_name: Name.default("neondb_owner"),
          database_name: Name.default("neondb"),
        })
        .default({ name: "main", role_name: "neondb_owner", database_name: "neondb" }),
    })
    .prefault({}),
});

/** https://api-docs.neon.tech/reference/createproject and its neighbours */
export function projectRoutes(api: Hono, account: Account): void {
  api.get("/projects", (c) => {
    const search = c.req.query("search")?.toLowerCase();
    const org = c.req.query("org_id");
    const listed = account.projects
      .list()
      .filter((project) => org === undefined || project.orgId === org)
      .filter(
        (project) => !search || project.name.toLowerCase().includes(search) || project.id.includes(search),
      );
    const { page, last } = pageOf(c, listed, 10);
    return c.json({
      projects: page.map((project) => projectView(account, project)),
      ...(last === undefined ? {} : { pagination: { cursor: last } }),
    });
  });

  api.get("/projects/:project", (c) =>
    c.json({ project: projectView(account, requireProject(account, c.req.param("project"))) }),
  );

  api.post("/projects", async (c) => {
    const { project: wanted } = await readBody(c, CreateProject);
    const plan = PLANS[account.plan];
    if (account.projects.list().length >= plan.projects)
      throw new NeonError(422, "projects limit exceeded", "PROJECTS_LIMIT_EXCEEDED");
    const retention = wanted.history_retention_seconds ?? Math.min(86_400, plan.historySeconds);
    assertWithinPlan(account, wanted.autoscaling_limit_max_cu, retention);
    const now = account.now();
    const project: ProjectDocument = {
      id: newProjectId(),
      name: wanted.name ?? "",
      regionId: wanted.region_id,
      pgVersion: wanted.pg_version,
      orgId: wanted.org_id ?? null,
      historyRetentionSeconds: retention,
      created: now,
      updated: now,
      minCu: wanted.autoscaling_limit_min_cu,
      maxCu: wanted.autoscaling_limit_max_cu,
    };
    project.name ||= project.id;
    const ids = { branchId: newId("br"), endpointId: newId("ep") };
    const operations = schedule(
      account,
      project.id,
      [
        { action: "create_timeline", branchId: ids.branchId },
        { action: "start_compute", ...ids },
      ],
      slowActionMs(c),
    );
    const ready = endOf(operations);
    account.projects.put(project.id, project);
    const at = { projectId: project.id, branchId: ids.branchId, created: now, updated: now };
    const branch = account.branches.put(ids.branchId, {
      ...at,
      id: ids.branchId,
      parentId: null,
      parentLsn: null,
      parentTimestamp: null,
      name: wanted.branch.name,
      isDefault: true,
      protected: false,
      readyFrom: operations[0]?.finishes ?? now,
      expires: null,
      lastReset: null,
      restoredFrom: null,
    });
    const endpoint = account.endpoints.put(ids.endpointId, {
      ...at,
      id: ids.endpointId,
      type: "read_write",
      minCu: project.minCu,
      maxCu: project.maxCu,
      suspendTimeoutSeconds: 0,
      states: [
        { from: now, state: "init" },
        { from: ready, state: "active" },
      ],
    });
    const role = account.roles.put(`${branch.id}/${wanted.branch.role_name}`, {
      ...at,
      name: wanted.branch.role_name,
      password: newPassword(),
    });
    const database = account.databases.put(`${branch.id}/${wanted.branch.database_name}`, {
      ...at,
      id: account.store.next("databases", 4_000_001),
      name: wanted.branch.database_name,
      owner: role.name,
    });
    return c.json(
      {
        project: projectView(account, project),
        connection_uris: [connectionDetails(role, database.name, endpoint, project)],
        roles: [roleView(role, true)],
        databases: [databaseView(database)],
        operations: operations.map((operation) => operationView(account, operation)),
        branch: branchView(account, branch),
        endpoints: [endpointView(account, endpoint, project)],
      },
      201,
    );
  });

  api.patch("/projects/:project", async (c) => {
    const project = requireProject(account, c.req.param("project"));
    const { project: wanted } = await readBody(
      c,
      z.object({
        project: z.object({
          name: Name.optional(),
          history_retention_seconds: z.number().int().nonnegative().optional(),
        }),
      }),
    );
    assertNotBusy(account, project.id);
    const retention = wanted.history_retention_seconds ?? project.historyRetentionSeconds;
    assertWithinPlan(account, project.maxCu, retention);
    const updated = account.projects.put(project.id, {
      ...project,
      name: wanted.name ?? project.name,
      historyRetentionSeconds: retention,
      updated: account.now(),
    });
    return c.json({ project: projectView(account, updated), operations: [] });
  });

  api.delete("/projects/:project", (c) => {
    const project = requireProject(account, c.req.param("project"));
    assertNotBusy(account, project.id);
    for (const branch of branchesOf(account, project.id)) deleteBranch(account, branch.id);
    account.projects.delete(project.id);
    return c.json({ project: projectView(account, project) });
  });

  api.get("/projects/:project/connection_uri", (c) => {
    const project = requireProject(account, c.req.param("project"));
    const { branch_id, endpoint_id, database_name = "", role_name = "", pooled } = c.req.query();
    const branchId = branch_id ?? branchesOf(account, project.id).find((branch) => branch.isDefault)?.id;
    const endpoint = account.endpoints
      .list()
      .find((each) =>
        endpoint_id ? each.id === endpoint_id : each.branchId === branchId && each.type === "read_write",
      );
    if (endpoint?.projectId !== project.id) throw new NeonError(404, "endpoint not found");
    const role = account.roles.get(`${endpoint.branchId}/${role_name}`);
    if (role === undefined) throw new NeonError(404, "role not found");
    if (account.databases.get(`${endpoint.branchId}/${database_name}`) === undefined)
      throw new NeonError(404, "database not found");
    return c.json({ uri: connectionUri(role, database_name, endpoint, project, pooled === "true") });
  });

  api.get("/projects/:project/operations", (c) => {
    const project = requireProject(account, c.req.param("project"));
    const listed = account.operations
      .list()
      .filter((operation) => operation.projectId === project.id)
      .reverse();
    const { page, last } = pageOf(c, listed, 100);
    return c.json({
      operations: page.map((operation) => operationView(account, operation)),
      ...(last === undefined ? {} : { pagination: { cursor: last } }),
    });
  });

  api.get("/projects/:project/operations/:operation", (c) => {
    const project = requireProject(account, c.req.param("project"));
    const operation = account.operations.get(c.req.param("operation"));
    if (operation?.projectId !== project.id) throw new NeonError(404, "operation not found");
    return c.json({ operation: operationView(account, operation) });
  });
}

function assertWithinPlan(account: Account, maxCu: number, retentionSeconds: number): void {
  const plan = PLANS[account.plan];
  if (maxCu > plan.maxCu)
    throw new NeonError(422, `autoscaling limit exceeds the plan's maximum of ${plan.maxCu} CU`);
  if (retentionSeconds > plan.historySeconds)
    throw new NeonError(
      422,
      `history retention exceeds the plan's maximum of ${plan.historySeconds} seconds`,
    );
}

/** Takes a branch with its endpoints, roles and databases out of the world. */
export function deleteBranch(account: Account, id: string): void {
  for (const endpoint of account.endpoints.list())
    if (endpoint.branchId === id) account.endpoints.delete(endpoint.id);
  for (const role of account.roles.list())
    if (role.branchId === id) account.roles.delete(`${id}/${role.name}`);
  for (const database of account.databases.list())
    if (database.branchId === id) account.databases.delete(`${id}/${database.name}`);
  account.branches.delete(id);
}
