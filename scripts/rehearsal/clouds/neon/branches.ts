import type { Hono } from "hono";
import { z } from "zod";
import { slowActionMs } from "../base/faults.ts";
import {
  type Account,
  assertNotBusy,
  branchesOf,
  endOf,
  lsnAt,
  newId,
  PLANS,
  requireBranch,
  requireProject,
  schedule,
} from "./account.ts";
import { addEndpoint } from "./endpoints.ts";
import { NeonError } from "./error.ts";
import type { BranchDocument, ProjectDocument } from "./model.ts";
import { deleteBranch } from "./projects.ts";
import { Cu, Name, pageOf, readBody } from "./request.ts";
import {
  branchView,
  connectionDetails,
  databaseView,
  endpointView,
  operationView,
  roleView,
} from "./views.ts";

const Timestamp = z.iso.datetime({ offset: true });
const CreateBranch = z.object({
  branch: z
    .object({
      name: Name.optional(),
      parent_id: z.string().optional(),
      parent_lsn: z.string().optional(),
      parent_timestamp: Timestamp.optional(),
      protected: z.boolean().default(false),
      expires_at: Timestamp.optional(),
    })
    .prefault({}),
  endpoints: z
    .array(
      z.object({
        type: z.enum(["read_write", "read_only"]),
        autoscaling_limit_min_cu: Cu.optional(),
        autoscaling_limit_max_cu: Cu.optional(),
        suspend_timeout_seconds: z.number().int().optional(),
      }),
    )
    .default([]),
});
const Restore = z.object({
  source_branch_id: z.string(),
  source_lsn: z.string().optional(),
  source_timestamp: Timestamp.optional(),
  preserve_under_name: Name.optional(),
});
const Update = z.object({
  branch: z.object({
    name: Name.optional(),
    protected: z.boolean().optional(),
    expires_at: Timestamp.nullish(),
  }),
});

const PATH = "/projects/:project/branches";

/** https://api-docs.neon.tech/reference/createprojectbranch and its neighbours */
export function branchRoutes(api: Hono, account: Account): void {
  const find = (context: { req: { param(name: string): string | undefined } }) => {
    const project = requireProject(account, context.req.param("project") ?? "");
    const branch = requireBranch(account, project.id, context.req.param("branch") ?? "");
    return { project, branch };
  };

  api.get(PATH, (c) => {
    const project = requireProject(account, c.req.param("project"));
    const search = c.req.query("search")?.toLowerCase();
    const sortBy = z
      .enum(["name", "created_at", "updated_at"])
      .catch("updated_at")
      .parse(c.req.query("sort_by"));
    const order = c.req.query("sort_order") === "asc" ? "asc" : "desc";
    const key = (branch: BranchDocument) =>
      sortBy === "name" ? branch.name : sortBy === "created_at" ? branch.created : branch.updated;
    const sign = order === "asc" ? 1 : -1;
    const listed = branchesOf(account, project.id)
      .filter((branch) => !search || branch.name.toLowerCase().includes(search) || branch.id.includes(search))
      .sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
    const { page, next } = pageOf(c, listed, 10_000);
    return c.json({
      branches: page.map((branch) => branchView(account, branch)),
      annotations: {},
      pagination: { sort_by: sortBy, sort_order: order.toUpperCase(), ...(next ? { next } : {}) },
    });
  });

  api.get(`${PATH}/count`, (c) => {
    const project = requireProject(account, c.req.param("project"));
    return c.json({ count: branchesOf(account, project.id).length });
  });

  api.get(`${PATH}/:branch`, (c) =>
    c.json({ branch: branchView(account, find(c).branch), annotation: null }),
  );

  api.post(PATH, async (c) => {
    const project = requireProject(account, c.req.param("project"));
    const body = await readBody(c, CreateBranch);
    const siblings = branchesOf(account, project.id);
    const parent = body.branch.parent_id
      ? requireBranch(account, project.id, body.branch.parent_id)
      : siblings.find((branch) => branch.isDefault);
    if (parent === undefined) throw new NeonError(404, "parent branch not found");
    if (siblings.length >= PLANS[account.plan].branches)
      throw new NeonError(422, "branches limit exceeded", "BRANCHES_LIMIT_EXCEEDED");
    if (body.branch.protected) assertCanProtect(account, siblings);
    if (body.branch.name !== undefined) assertNameIsFree(siblings, body.branch.name);
    assertNotBusy(account, project.id);
    const at = pointInTime(account, project, body.branch.parent_timestamp);
    const now = account.now();
    const id = newId("br");
    const operations = schedule(
      account,
      project.id,
      [
        { action: "create_branch", branchId: id },
        ...body.endpoints.map(() => ({ action: "start_compute", branchId: id })),
      ],
      slowActionMs(c),
    );
    const branch = account.branches.put(id, {
      id,
      projectId: project.id,
      parentId: parent.id,
      parentLsn: body.branch.parent_lsn ?? lsnAt(project, at),
      parentTimestamp: at,
      name: body.branch.name ?? id,
      isDefault: false,
      protected: body.branch.protected,
      readyFrom: operations[0]?.finishes ?? now,
      created: now,
      updated: now,
      expires: body.branch.expires_at ? Date.parse(body.branch.expires_at) : null,
      lastReset: null,
      restoredFrom: null,
    });
    const { roles, databases } = copyContents(account, parent.id, branch);
    const endpoints = body.endpoints.map((wanted) =>
      addEndpoint(account, project, branch.id, wanted, endOf(operations)),
    );
    const [role] = roles;
    return c.json(
      {
        branch: branchView(account, branch),
        endpoints: endpoints.map((endpoint) => endpointView(account, endpoint, project)),
        operations: operations.map((operation) => operationView(account, operation)),
        roles: roles.map((each) => roleView(each)),
        databases: databases.map(databaseView),
        connection_uris: endpoints.flatMap((endpoint) =>
          role ? databases.map((database) => connectionDetails(role, database.name, endpoint, project)) : [],
        ),
      },
      201,
    );
  });

  api.patch(`${PATH}/:branch`, async (c) => {
    const { project, branch } = find(c);
    const { branch: wanted } = await readBody(c, Update);
    const siblings = branchesOf(account, project.id);
    if (wanted.name !== undefined && wanted.name !== branch.name) assertNameIsFree(siblings, wanted.name);
    if (wanted.protected && !branch.protected) assertCanProtect(account, siblings);
    assertNotBusy(account, project.id);
    const updated = account.branches.put(branch.id, {
      ...branch,
      name: wanted.name ?? branch.name,
      protected: wanted.protected ?? branch.protected,
      expires:
        wanted.expires_at === undefined
          ? branch.expires
          : wanted.expires_at === null
            ? null
            : Date.parse(wanted.expires_at),
      updated: account.now(),
    });
    return c.json({ branch: branchView(account, updated), operations: [] });
  });

  api.delete(`${PATH}/:branch`, (c) => {
    const { project, branch } = find(c);
    if (branch.isDefault) throw new NeonError(422, "cannot delete the default branch");
    if (branch.protected) throw new NeonError(422, "cannot delete a protected branch");
    if (branchesOf(account, project.id).some((each) => each.parentId === branch.id))
      throw new NeonError(422, "cannot delete branch that has children");
    assertNotBusy(account, project.id);
    const endpoints = account.endpoints.list().filter((each) => each.branchId === branch.id);
    const operations = schedule(account, project.id, [
      ...endpoints.map((endpoint) => ({
        action: "suspend_compute",
        branchId: branch.id,
        endpointId: endpoint.id,
      })),
      { action: "delete_timeline", branchId: branch.id },
    ]);
    deleteBranch(account, branch.id);
    return c.json({
      branch: branchView(account, branch),
      operations: operations.map((operation) => operationView(account, operation)),
    });
  });

  api.post(`${PATH}/:branch/set_as_default`, (c) => {
    const { project, branch } = find(c);
    assertNotBusy(account, project.id);
    for (const each of branchesOf(account, project.id))
      account.branches.put(each.id, { ...each, isDefault: each.id === branch.id });
    return c.json({ branch: branchView(account, { ...branch, isDefault: true }), operations: [] });
  });

  api.post(`${PATH}/:branch/restore`, async (c) => {
    const { project, branch } = find(c);
    const body = await readBody(c, Restore);
    const source = requireBranch(account, project.id, body.source_branch_id);
    const siblings = branchesOf(account, project.id);
    const hasChildren = siblings.some((each) => each.parentId === branch.id);
    // A branch that goes back to its own past, or has children, keeps its present in another branch.
    if ((source.id === branch.id || hasChildren) && body.preserve_under_name === undefined)
      throw new NeonError(400, "preserve_under_name is required to restore this branch");
    if (source.id === branch.id && !body.source_timestamp && !body.source_lsn)
      throw new NeonError(
        400,
        "source_timestamp or source_lsn is required to restore a branch to its own history",
      );
    if (body.preserve_under_name !== undefined) assertNameIsFree(siblings, body.preserve_under_name);
    assertNotBusy(account, project.id);
    const at = pointInTime(account, project, body.source_timestamp);
    const now = account.now();
    const operations = schedule(
      account,
      project.id,
      [
        { action: "create_branch", branchId: branch.id },
        ...account.endpoints
          .list()
          .filter((endpoint) => endpoint.branchId === branch.id)
          .map((endpoint) => ({ action: "start_compute", branchId: branch.id, endpointId: endpoint.id })),
      ],
      slowActionMs(c),
    );
    if (body.preserve_under_name !== undefined) {
      const kept: BranchDocument = {
        ...branch,
        id: newId("br"),
        name: body.preserve_under_name,
        isDefault: false,
        protected: false,
        readyFrom: endOf(operations),
        updated: now,
      };
      account.branches.put(kept.id, kept);
      copyContents(account, branch.id, kept);
      for (const each of siblings)
        if (each.parentId === branch.id) account.branches.put(each.id, { ...each, parentId: kept.id });
      branch.parentId = kept.id;
    }
    const restored = account.branches.put(branch.id, {
      ...branch,
      parentLsn: body.source_lsn ?? lsnAt(project, at),
      parentTimestamp: at,
      readyFrom: endOf(operations),
      updated: now,
      lastReset: now,
      restoredFrom: source.id,
    });
    return c.json({
      branch: branchView(account, restored),
      operations: operations.map((operation) => operationView(account, operation)),
    });
  });
}

/** A moment within the project's history window; now without one. @throws NeonError 400 */
function pointInTime(account: Account, project: ProjectDocument, text: string | undefined): number {
  if (text === undefined) return account.now();
  const at = Date.parse(text);
  if (at > account.now()) throw new NeonError(400, "timestamp is in the future");
  const oldest = Math.max(project.created, account.now() - project.historyRetentionSeconds * 1000);
  // The API's timestamps have whole seconds: the project's first second is part of its history.
  if (at < Math.floor(oldest / 1000) * 1000)
    throw new NeonError(400, "timestamp precedes the project's history retention window");
  return at;
}

function assertNameIsFree(siblings: BranchDocument[], name: string): void {
  if (siblings.some((branch) => branch.name === name))
    throw new NeonError(409, `branch with name "${name}" already exists`, "BRANCH_ALREADY_EXISTS");
}

function assertCanProtect(account: Account, siblings: BranchDocument[]): void {
  if (siblings.filter((branch) => branch.protected).length >= PLANS[account.plan].protectedBranches)
    throw new NeonError(422, "protected branches limit exceeded", "PROTECTED_BRANCHES_LIMIT_EXCEEDED");
}

/** A new branch starts with its parent's roles, passwords included, and databases. */
function copyContents(account: Account, from: string, branch: BranchDocument) {
  const at = { branchId: branch.id, created: branch.created, updated: branch.updated };
  const roles = account.roles
    .list()
    .filter((role) => role.branchId === from)
    .map((role) => account.roles.put(`${branch.id}/${role.name}`, { ...role, ...at }));
  const databases = account.databases
    .list()
    .filter((database) => database.branchId === from)
    .map((database) =>
      account.databases.put(`${branch.id}/${database.name}`, {
        ...database,
        ...at,
        id: account.store.next("databases", 4_000_001),
      }),
    );
  return { roles, databases };
}
