import { randomBytes } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { ApiError, badCredentials } from "./errors.ts";
import type { Hub, Identity, Variables } from "./hub.ts";
import {
  type Level,
  PERMISSIONS,
  type Permission,
  type Permissions,
  type Role,
  type Token,
  type User,
} from "./model.ts";

/** The user that everything done with a workflow's own token is done by; its real id at GitHub. */
export const ACTIONS_BOT = "github-actions[bot]";
const ACTIONS_BOT_ID = 41898282;
const RANK: Record<Level, number> = { none: 0, read: 1, write: 2 };

export function everything(level: Level): Permissions {
  return Object.fromEntries(PERMISSIONS.map((permission) => [permission, level]));
}

/** What a collaborator's role lets a personal token do, as far as this cloud asks. */
export function permissionsOfRole(role: Role): Permissions {
  if (role === "none") return {};
  if (role === "read" || role === "triage")
    return { ...everything("read"), issues: "write", "pull-requests": "write" };
  return { ...everything("write"), administration: role === "admin" ? "write" : "none" };
}

export function ensureUser(hub: Hub, login: string, type: User["type"], role: Role): User {
  const known = hub.users.get(login);
  if (known) return known.role === role ? known : hub.users.put(login, { ...known, role });
  const id = login === ACTIONS_BOT ? ACTIONS_BOT_ID : hub.store.next("user", 90_001);
  return hub.users.put(login, { id, login, type, role });
}

/** Mints (or, with `value`, records) a token of a user. */
export function issueToken(hub: Hub, token: Omit<Token, "token"> & { token?: string }): Token {
  const prefix = token.kind === "integration" ? "ghs_" : "ghp_";
  const value = token.token ?? prefix + randomBytes(27).toString("base64url").replace(/[-_]/g, "0");
  return hub.tokens.put(value, { ...token, token: value });
}

/** Reads `Authorization: Bearer …` or `token …`; 401 as GitHub words it. */
export function authenticate(hub: Hub): MiddlewareHandler<{ Variables: Variables }> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    if (!header) throw new ApiError(401, "Requires authentication");
    const given = /^(?:bearer|token)\s+(\S+)$/i.exec(header)?.[1];
    const token = given === undefined ? undefined : hub.tokens.get(given);
    const user = token && hub.users.get(token.login);
    if (!token || !user) throw badCredentials();
    c.set("identity", { user, token });
    await next();
  };
}

export function may(identity: Identity, permission: Permission, level: Level): boolean {
  return RANK[identity.token.permissions[permission] ?? "none"] >= RANK[level];
}

export function notAccessible(identity: Identity): ApiError {
  return new ApiError(
    403,
    identity.token.kind === "integration"
      ? "Resource not accessible by integration"
      : "Resource not accessible by personal access token",
  );
}

/**
 * Lets a request pass if its token has at least one of the permissions; otherwise 403. Either way the answer says in
 * `x-accepted-github-permissions` what would do, as GitHub's does.
 */
export function allow(
  level: Level,
  ...permissions: Permission[]
): MiddlewareHandler<{ Variables: Variables }> {
  const accepted = permissions.map((permission) => `${permission.replaceAll("-", "_")}=${level}`).join("; ");
  return async (c, next) => {
    const identity = c.get("identity");
    if (!permissions.some((permission) => may(identity, permission, level))) {
      const refusal = notAccessible(identity);
      refusal.headers["x-accepted-github-permissions"] = accepted;
      throw refusal;
    }
    await next();
    c.header("x-accepted-github-permissions", accepted);
  };
}
