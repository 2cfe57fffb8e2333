import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { atomic } from "../base/atomic.ts";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { openStore } from "../base/store.ts";
import { openVault } from "../base/vault.ts";
import { type Identity, identify } from "./access.ts";
import { configRoutes } from "./configs.ts";
import { DopplerError, errorResponse, faultResponse } from "./error.ts";
import { projectRoutes } from "./projects.ts";
import { rateLimit } from "./rate-limit.ts";
import { openWorkplace } from "./workplace.ts";

export interface DopplerOptions {
  /** The folder that holds the world. */
  world: string;
  /** The workplace's personal token, which may do everything. */
  token: string;
  port?: number;
  latencyMs?: number;
  now?: () => Date;
  /** Calls a minute; default 240. */
  rateLimit?: number;
}

/** Starts the Doppler cloud: its API (https://docs.doppler.com/reference/api) under `/v3`. */
export async function startDoppler(options: DopplerOptions): Promise<Listening> {
  const store = openStore(options.world, "doppler");
  const now = options.now ?? (() => new Date());
  const workplace = openWorkplace(store, openVault(options.world, "doppler"), now);
  const faults = new Faults(options.latencyMs);
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.res.headers.set("x-request-id", randomUUID());
  });
  app.use(rateLimit(options.rateLimit ?? 240, () => now().getTime()));
  app.use(faults.middleware(faultResponse));
  app.use(atomic(store));
  const api = new Hono<{ Variables: { identity: Identity } }>();
  api.use(async (c, next) => {
    c.set("identity", identify(c, workplace, options.token));
    await next();
  });
  api.get("/me", (c) => {
    const identity = c.get("identity");
    const type = identity.kind === "owner" ? "personal" : "service_token";
    return c.json({ workplace: { name: "Quayside", slug: "quayside" }, type, success: true });
  });
  projectRoutes(api, workplace);
  configRoutes(api, workplace);
  app.route("/v3", api);
  app.notFound(() => errorResponse(404, "Not found"));
  app.onError((error) => {
    if (error instanceof DopplerError) return errorResponse(error.status, error.message);
    console.error(error);
    return errorResponse(500, "An unexpected error occurred");
  });
  const listening = await serve(app, faults, options.port);
  return {
    ...listening,
    close: async () => {
      await listening.close();
      store.close();
    },
  };
}
