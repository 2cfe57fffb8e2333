import type { MiddlewareHandler } from "hono";
import { ApiError } from "../envelope.ts";

/** The two API tokens of the account: `read` may only GET and HEAD. */
export interface Tokens {
  write: string;
  read: string;
}

/**
 * Checks the bearer token as Cloudflare does (https://developers.cloudflare.com/fundamentals/api/troubleshooting/):
 * no token 400 (9106), an unknown one 403 (9109), one without the permission 403 (10000).
 * `/pages/assets/*` bears the upload token of a Pages project instead and is checked there; `/ips` is open to all.
 */
export function authenticate(tokens: Tokens): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.path.startsWith("/client/v4/pages/assets/") || c.req.path === "/client/v4/ips") return next();
    const header = c.req.header("authorization");
    if (!header) throw new ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
    const token = /^Bearer (\S+)$/.exec(header)?.[1];
    if (!token)
      throw new ApiError(400, 6003, "Invalid request headers", [
        { code: 6111, message: "Invalid format for Authorization header" },
      ]);
    if (token === tokens.write) return next();
    if (token !== tokens.read) {
      if (c.req.path.endsWith("/tokens/verify")) throw new ApiError(401, 1000, "Invalid API Token");
      throw new ApiError(403, 9109, "Invalid access token");
    }
    if (c.req.method !== "GET" && c.req.method !== "HEAD")
      throw new ApiError(403, 10000, "Authentication error");
    return next();
  };
}
