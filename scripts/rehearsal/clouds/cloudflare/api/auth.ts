import { randomBytes } from "node:crypto";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Collection } from "../../base/store.ts";
import { ApiError, ok } from "../envelope.ts";
import { hexId } from "../ids.ts";
import type { CloudState } from "../state.ts";
import { allows, type Level, standingPermissions } from "./token-permissions.ts";

/** The two API tokens of the account: `read` may only GET and HEAD. */
export interface Tokens {
  write: string;
  read: string;
}

/** One API token as the cloud keeps it. */
export interface ApiToken {
  value: string;
  id: string;
  permissions: Record<string, Level>;
  status: "active" | "disabled" | "expired";
  expiresOn?: string | undefined;
}

function tokensOf(state: CloudState): Collection<ApiToken> {
  return state.store.collection<ApiToken>("api-tokens");
}

/** Records the account's own two tokens, with ids that they keep. */
export function recordTokens(state: CloudState, tokens: Tokens): void {
  for (const [value, level] of [
    [tokens.write, "edit"],
    [tokens.read, "read"],
  ] as const)
    if (!tokensOf(state).get(value))
      tokensOf(state).put(value, {
        value,
        id: hexId(),
        permissions: standingPermissions(level),
        status: "active",
      });
}

/** The token that an access key of R2's S3 interface was made of. */
export function tokenByAccessKey(state: CloudState, id: string): ApiToken | undefined {
  return tokensOf(state)
    .list()
    .find((token) => token.id === id);
}

/** The token that a request bears. */
export function tokenOf(state: CloudState, c: Context): ApiToken | undefined {
  const value = /^Bearer (\S+)$/.exec(c.req.header("authorization") ?? "")?.[1];
  const token = value === undefined ? undefined : tokensOf(state).get(value);
  if (!token?.expiresOn || token.expiresOn > state.timestamp()) return token;
  return { ...token, status: "expired" };
}

/**
 * Checks the bearer token as Cloudflare does (https://developers.cloudflare.com/fundamentals/api/troubleshooting/):
 * no token 400 (9106), an unknown one 403 (9109), one without the permission 403 (10000).
 * `/pages/assets/*` bears the upload token of a Pages project instead and is checked there; `/ips` is open to all.
 */
export function authenticate(state: CloudState): MiddlewareHandler {
  return async (c, next) => {
    const path = c.req.path.replace("/client/v4", "");
    if (path.startsWith("/pages/assets/") || path === "/ips") return next();
    const header = c.req.header("authorization");
    if (!header) throw new ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
    if (!/^Bearer \S+$/.test(header))
      throw new ApiError(400, 6003, "Invalid request headers", [
        { code: 6111, message: "Invalid format for Authorization header" },
      ]);
    const token = tokenOf(state, c);
    const verifies = path.endsWith("/tokens/verify");
    if (!token) {
      if (verifies) throw new ApiError(401, 1000, "Invalid API Token");
      throw new ApiError(403, 9109, "Invalid access token");
    }
    if (verifies) return next();
    if (token.status !== "active" || !allows(token.permissions, c.req.method, path))
      throw new ApiError(403, 10000, "Authentication error");
    return next();
  };
}

const NewToken = z.object({
  /** By group; or a level for all that a stack needs. */
  permissions: z.union([z.enum(["read", "edit"]), z.record(z.string(), z.enum(["none", "read", "edit"]))]),
  /** Changes to the whole list of a level. */
  but: z.record(z.string(), z.enum(["none", "read", "edit"])).default({}),
  status: z.enum(["active", "disabled"]).default("active"),
  expiresOn: z.string().optional(),
});

/** What a person does on Cloudflare's pages in a rehearsal: `POST /_rehearsal/tokens`, `PATCH /_rehearsal/zones/:name`. */
export function adminRoutes(app: Hono, state: CloudState): void {
  app.post("/_rehearsal/tokens", async (c) => {
    const asked = NewToken.parse(await c.req.json());
    const base =
      typeof asked.permissions === "string" ? standingPermissions(asked.permissions) : asked.permissions;
    const value = randomBytes(30).toString("base64url").replace(/[-_]/g, "x");
    const { status, expiresOn } = asked;
    tokensOf(state).put(value, {
      value,
      id: hexId(),
      permissions: { ...base, ...asked.but },
      status,
      expiresOn,
    });
    return c.json({ token: value }, 201);
  });
  app.patch("/_rehearsal/zones/:name", async (c) => {
    const { status } = z.object({ status: z.enum(["active", "pending"]) }).parse(await c.req.json());
    const zone = state.zones().find(({ name }) => name === c.req.param("name"));
    if (!zone) return c.notFound();
    return ok(c, state.changeZone({ ...zone, status }));
  });
}
