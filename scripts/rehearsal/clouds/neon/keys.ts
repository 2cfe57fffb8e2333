import { randomBytes, randomUUID } from "node:crypto";
import type { Hono, MiddlewareHandler } from "hono";
import { z } from "zod";
import { type Account, requireProject } from "./account.ts";
import { errorResponse } from "./error.ts";
import { Name, readBody } from "./request.ts";

/**
 * Lets in whoever has the account's key, and a key that is limited to one project into what is below that project. It can't delete
 * the project. https://neon.com/docs/manage/api-keys
 */
export function keyGuard(account: Account, ownersKey: string): MiddlewareHandler {
  return async (c, next) => {
    const given = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (given === ownersKey) return next();
    const limited = account.keys.get(given);
    if (!limited) return errorResponse(401, "authentication failed");
    const below = `/api/v2/projects/${limited.projectId}`;
    const isBelow = c.req.path === below || c.req.path.startsWith(`${below}/`);
    if (!isBelow || (c.req.path === below && c.req.method === "DELETE"))
      return errorResponse(403, "not allowed for a project-scoped key");
    return next();
  };
}

/** https://api-docs.neon.tech/reference/createorgapikey, for keys of one project only. */
export function keyRoutes(api: Hono, account: Account): void {
  api.post("/organizations/:id/api_keys", async (c) => {
    const wanted = await readBody(c, z.object({ key_name: Name, project_id: z.string() }));
    requireProject(account, wanted.project_id);
    const key = `napi_${randomBytes(32).toString("hex")}`;
    const id = account.store.next("keys", 1_904_821);
    account.keys.put(key, { id, name: wanted.key_name, projectId: wanted.project_id });
    const created = new Date(account.now()).toISOString();
    return c.json({
      id,
      key,
      name: wanted.key_name,
      project_id: wanted.project_id,
      created_at: created,
      created_by: randomUUID(),
    });
  });
}
