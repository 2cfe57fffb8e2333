import { createHash, randomBytes } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Variables } from "./hub.ts";
import type { RateLimits } from "./rate-limit.ts";

/** The headers that every answer of GitHub has: request id, media type, rate limit, ETag (and 304 for it). */
export function standardHeaders(limits: RateLimits): MiddlewareHandler<{ Variables: Variables }> {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set("x-github-request-id", requestId());
    headers.set("x-github-media-type", "github.v3; format=json");
    headers.set("x-github-api-version-selected", c.req.header("x-github-api-version") ?? "2022-11-28");
    headers.set("server", "github.com");
    const identity: Variables["identity"] | undefined = c.get("identity");
    if (identity) {
      await answerNotModified(c, limits, identity.token.token);
      for (const [name, value] of Object.entries(limits.headers(identity.token.token)))
        c.res.headers.set(name, value);
    }
  };
}

const answerNotModified = async (
  c: Parameters<MiddlewareHandler<{ Variables: Variables }>>[0],
  limits: RateLimits,
  token: string,
): Promise<void> => {
  const json = c.res.headers.get("content-type")?.startsWith("application/json");
  if (c.req.method !== "GET" || c.res.status !== 200 || !json) return;
  const etag = `W/"${createHash("sha256")
    .update(await c.res.clone().text())
    .digest("hex")}"`;
  c.res.headers.set("etag", etag);
  c.res.headers.set("cache-control", "private, max-age=60, s-maxage=60");
  if (c.req.header("if-none-match") !== etag) return;
  limits.giveBack(token);
  const { headers } = c.res;
  headers.delete("content-type");
  c.res = undefined;
  c.res = new Response(null, { status: 304, headers });
};

function requestId(): string {
  const hex = (bytes: number): string => randomBytes(bytes).toString("hex").toUpperCase();
  return [hex(2), hex(3), hex(4), hex(4), hex(4)].join(":");
}
