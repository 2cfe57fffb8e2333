import type { Context, Hono } from "hono";
import { z } from "zod";
import { type Account, assertNotBusy, newPassword, requireBranch, schedule } from "./account.ts";
import { NeonError } from "./error.ts";
import type { BranchDocument, RoleDocument } from "./model.ts";
import { Name, readBody } from "./request.ts";
import { databaseView, operationView, roleView } from "./views.ts";

const BRANCH = "/projects/:project/branches/:branch";

/** Roles and databases of a branch: https://api-docs.neon.tech/reference/createprojectbranchrole and its neighbours */
export function roleRoutes(api: Hono, account: Account): void {
  const branchOf = (context: Context) =>
    requireBranch(account, context.req.param("project") ?? "", context.req.param("branch") ?? "");
  const roleOf = (context: Context) => {
    const role = account.roles.get(`${branchOf(context).id}/${context.req.param("role")}`);
    if (role === undefined) throw new NeonError(404, "role not found");
    return role;
  };
  const databaseOf = (context: Context) => {
    const database = account.databases.get(`${branchOf(context).id}/${context.req.param("database")}`);
    if (database === undefined) throw new NeonError(404, "database not found");
    return database;
  };
  const apply = (branch: BranchDocument) =>
    schedule(account, branch.projectId, [{ action: "apply_config", branchId: branch.id }]).map((operation) =>
      operationView(account, operation),
    );

  api.get(`${BRANCH}/roles`, (c) => {
    const branch = branchOf(c);
    const roles = account.roles.list().filter((role) => role.branchId === branch.id);
    return c.json({ roles: roles.map((role) => roleView(role)) });
  });
  api.get(`${BRANCH}/roles/:role`, (c) => c.json({ role: roleView(roleOf(c)) }));
  api.get(`${BRANCH}/roles/:role/reveal_password`, (c) => c.json({ password: roleOf(c).password }));

  api.post(`${BRANCH}/roles`, async (c) => {
    const branch = branchOf(c);
    const { role: wanted } = await readBody(c, z.object({ role: z.object({ name: Name }) }));
    if (account.roles.get(`${branch.id}/${wanted.name}`))
      throw new NeonError(409, "role already exists", "ROLE_ALREADY_EXISTS");
    assertNotBusy(account, branch.projectId);
    const now = account.now();
    const role: RoleDocument = {
      projectId: branch.projectId,
      branchId: branch.id,
      name: wanted.name,
      password: newPassword(),
      created: now,
      updated: now,
    };
    account.roles.put(`${branch.id}/${role.name}`, role);
    return c.json({ role: roleView(role, true), operations: apply(branch) }, 201);
  });

  api.post(`${BRANCH}/roles/:role/reset_password`, (c) => {
    const branch = branchOf(c);
    const role = roleOf(c);
    assertNotBusy(account, branch.projectId);
    const reset = account.roles.put(`${branch.id}/${role.name}`, {
      ...role,
      password: newPassword(),
      updated: account.now(),
    });
    return c.json({ role: roleView(reset, true), operations: apply(branch) });
  });

  api.delete(`${BRANCH}/roles/:role`, (c) => {
    const branch = branchOf(c);
    const role = roleOf(c);
    if (account.databases.list().some((each) => each.branchId === branch.id && each.owner === role.name))
      throw new NeonError(422, "role owns databases and can't be deleted");
    assertNotBusy(account, branch.projectId);
    account.roles.delete(`${branch.id}/${role.name}`);
    return c.json({ role: roleView(role), operations: apply(branch) });
  });

  api.get(`${BRANCH}/databases`, (c) => {
    const branch = branchOf(c);
    const databases = account.databases.list().filter((each) => each.branchId === branch.id);
    return c.json({ databases: databases.map(databaseView) });
  });
  api.get(`${BRANCH}/databases/:database`, (c) => c.json({ database: databaseView(databaseOf(c)) }));

  api.post(`${BRANCH}/databases`, async (c) => {
    const branch = branchOf(c);
    const { database: wanted } = await readBody(
      c,
      z.object({ database: z.object({ name: Name, owner_name: Name }) }),
    );
    if (account.roles.get(`${branch.id}/${wanted.owner_name}`) === undefined)
      throw new NeonError(404, "role not found");
    if (account.databases.get(`${branch.id}/${wanted.name}`))
      throw new NeonError(409, "database already exists", "DATABASE_ALREADY_EXISTS");
    assertNotBusy(account, branch.projectId);
    const now = account.now();
    const database = account.databases.put(`${branch.id}/${wanted.name}`, {
      id: account.store.next("databases", 4_000_001),
      projectId: branch.projectId,
      branchId: branch.id,
      name: wanted.name,
      owner: wanted.owner_name,
      created: now,
      updated: now,
    });
    return c.json({ database: databaseView(database), operations: apply(branch) }, 201);
  });

  api.delete(`${BRANCH}/databases/:database`, (c) => {
    const branch = branchOf(c);
    const database = databaseOf(c);
    assertNotBusy(account, branch.projectId);
    account.databases.delete(`${branch.id}/${database.name}`);
    return c.json({ database: databaseView(database), operations: apply(branch) });
  });
}
