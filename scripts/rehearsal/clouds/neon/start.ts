import { Hono } from "hono";
import { atomic } from "../base/atomic.ts";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { openStore } from "../base/store.ts";
import { openAccount, type Plan } from "./account.ts";
import { branchRoutes } from "./branches.ts";
import { endpointRoutes } from "./endpoints.ts";
import { errorResponse, faultResponse, NeonError } from "./error.ts";
import { keyGuard, keyRoutes } from "./keys.ts";
import { projectRoutes } from "./projects.ts";
import { roleRoutes } from "./roles.ts";
import { organizationView, userView } from "./views.ts";

export interface NeonOptions {
  /** The folder that holds the world. */
  world: string;
  /** The account's API key. */
  token: string;
  /** Default free. */
  plan?: Plan;
  port?: number;
  latencyMs?: number;
  now?: () => Date;
  /** How long one operation takes; default 100. */
  operationMs?: number;
}

/** Starts the Neon cloud: its API v2 (https://api-docs.neon.tech/reference) under `/api/v2`. */
export async function startNeon(options: NeonOptions): Promise<Listening> {
  const store = openStore(options.world, "neon");
  const account = openAccount(store, {
    plan: options.plan ?? "free",
    now: options.now ?? (() => new Date()),
    operationMs: options.operationMs ?? 100,
  });
  const faults = new Faults(options.latencyMs);
  const app = new Hono();
  app.use(keyGuard(account, options.token));
  app.use(faults.middleware(faultResponse));
  app.use(atomic(store));
  const api = new Hono();
  api.get("/users/me", (c) => c.json(userView(account)));
  api.get("/users/me/organizations", (c) =>
    c.json({ organizations: [organizationView(account, "org-quayside-00000001")] }),
  );
  api.get("/organizations/:id", (c) => c.json(organizationView(account, c.req.param("id"))));
  projectRoutes(api, account);
  branchRoutes(api, account);
  endpointRoutes(api, account);
  roleRoutes(api, account);
  keyRoutes(api, account);
  app.route("/api/v2", api);
  app.notFound(() => errorResponse(404, "not found"));
  app.onError((error) => {
    if (error instanceof NeonError) return errorResponse(error.status, error.message, error.code);
    console.error(error);
    return errorResponse(500, "internal server error");
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
