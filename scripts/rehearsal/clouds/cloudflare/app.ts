import { Hono } from "hono";
import { z } from "zod";
import type { Faults } from "../base/faults.ts";
import { account } from "./api/account.ts";
import { adminRoutes, authenticate, recordTokens, type Tokens } from "./api/auth.ts";
import { d1 } from "./api/d1.ts";
import { dns } from "./api/dns.ts";
import { graphql } from "./api/graphql.ts";
import { ips } from "./api/ips.ts";
import { kv } from "./api/kv.ts";
import { originCa } from "./api/origin-ca.ts";
import { pagesAssets } from "./api/pages/assets.ts";
import { pagesDeployments } from "./api/pages/deployments.ts";
import { pagesProjects } from "./api/pages/projects.ts";
import { purgeCache } from "./api/purge-cache.ts";
import { queues } from "./api/queues.ts";
import { r2 } from "./api/r2.ts";
import { rateLimit } from "./api/rate-limit.ts";
import { rulesets } from "./api/rulesets.ts";
import { turnstile } from "./api/turnstile.ts";
import { scripts } from "./api/workers/scripts.ts";
import { triggers } from "./api/workers/triggers.ts";
import { zoneSecurity } from "./api/zone-security.ts";
import { zoneSettings } from "./api/zone-settings.ts";
import { zones } from "./api/zones.ts";
import type { EdgeParts } from "./edge/answer.ts";
import type { Workers } from "./edge/workers.ts";
import { ApiError, failure } from "./envelope.ts";
import { s3 } from "./s3/app.ts";
import type { CloudState } from "./state.ts";

const Scheduled = z.object({ script: z.string(), cron: z.string() });

/**
 * Cloudflare's API v4 under `/client/v4`, as far as the project and its official clients use it.
 * R2's S3 interface is under `/r2`. Besides: `GET /_rehearsal/firewall-events`, and `POST /_rehearsal/scheduled` `{ script, cron }`, which runs a scheduled handler now.
 */
export function cloudflareApi(
  state: CloudState,
  workers: Workers,
  parts: EdgeParts,
  faults: Faults,
  options: { tokens: Tokens; enforceRateLimit: boolean },
): Hono {
  recordTokens(state, options.tokens);
  const api = new Hono();
  api.onError((error) => {
    if (error instanceof ApiError) return failure(error.status, error.errors);
    process.stderr.write(`cloudflare: ${error.stack}\n`);
    return failure(500, [{ code: 10013, message: "An unknown error has occurred." }]);
  });
  api.notFound((c) =>
    failure(404, [
      {
        code: 7003,
        message: `Could not route to ${c.req.path.replace("/client/v4", "")}, perhaps your object identifier is invalid?`,
      },
      { code: 7000, message: "No route for that URI" },
    ]),
  );
  api.use(faults.middleware((status) => failure(status, [refusal(status)])));
  api.use(rateLimit(state.now, options.enforceRateLimit));
  api.use(authenticate(state));
  api.use("/accounts/:account/*", async (c, next) => {
    if (c.req.param("account") !== state.accountId)
      throw new ApiError(
        404,
        7003,
        `Could not route to ${c.req.path.replace("/client/v4", "")}, perhaps your object identifier is invalid?`,
      );
    await next();
  });
  for (const room of [account, zones, zoneSettings, dns, queues, r2, turnstile, scripts, triggers])
    room(api, state);
  for (const room of [pagesAssets, pagesDeployments, pagesProjects]) room(api, state);
  for (const room of [rulesets, originCa, zoneSecurity]) room(api, state);
  ips(api);
  kv(api, state, workers);
  d1(api, state, workers);
  purgeCache(api, state, parts.cache);
  graphql(api, state, parts.invocations);
  const root = new Hono();
  adminRoutes(root, state);
  return root
    .route("/client/v4", api)
    .route("/r2", s3(state))
    .get("/_rehearsal/firewall-events", (c) => c.json(parts.firewall.events))
    .post("/_rehearsal/scheduled", async (c) => {
      const { script, cron } = Scheduled.parse(await c.req.json());
      await workers.scheduled(script, cron);
      return c.body(null, 204);
    });
}

function refusal(status: number) {
  if (status === 429) return { code: 971, message: "Please wait and consider throttling your request speed" };
  return { code: 10013, message: "An unknown error has occurred." };
}
