import { Hono } from "hono";
import { atomic } from "../base/atomic.ts";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { openStore } from "../base/store.ts";
import { openVault } from "../base/vault.ts";
import { type AccessOptions, exchangeRoute, identify } from "./access.ts";
import { environmentRoutes } from "./environment-routes.ts";
import { errorResponse, faultResponse, PulumiError } from "./error.ts";
import { organizationRoutes, organizationTrust } from "./organization-routes.ts";
import type { Claims, TrustPolicy } from "./trust.ts";

export interface EscOptions {
  /** The folder that holds the world. */
  world: string;
  /** The access token of the organization's owner. */
  token: string;
  organization?: string;
  /** Who can exchange an OIDC token for what from the start, beside what is set up by the API; default: nobody. */
  trust?: TrustPolicy[];
  /** Checks an OIDC token's signature, issuer and times; without it no token can be exchanged. */
  verifyOidc?: (jwt: string) => Promise<Claims>;
  port?: number;
  latencyMs?: number;
  now?: () => Date;
}

export interface RunningEsc extends Listening {
  org: string;
}

/** Starts Pulumi Cloud as far as the pipeline needs it: the exchange of OIDC tokens and ESC, under `/api`. */
export async function startEsc(options: EscOptions): Promise<RunningEsc> {
  const organization = options.organization ?? "quayside";
  const store = openStore(options.world, "esc");
  const vault = openVault(options.world, "esc");
  const now = () => (options.now ?? (() => new Date()))().getTime();
  const faults = new Faults(options.latencyMs);
  const access: AccessOptions = {
    organization,
    token: options.token,
    trust: () => organizationTrust(store, options.trust),
    now,
    issued: store.collection("issued"),
    ...(options.verifyOidc ? { verifyOidc: options.verifyOidc } : {}),
  };

  const app = new Hono();
  app.use(faults.middleware(faultResponse));
  // Not one unit of work: it waits for the issuer's keys.
  exchangeRoute(app, access);
  app.use(atomic(store));
  app.get("/api/user", (c) => {
    const identity = identify(c, access);
    return c.json({
      id: organization,
      githubLogin: identity.login,
      name: identity.login,
      email: `${identity.login}@example.com`,
      avatarUrl: "",
      organizations: [{ githubLogin: organization, name: organization, avatarUrl: "" }],
      identities: [],
      siteAdmin: false,
      tokenInfo: { name: identity.tokenName, organization },
    });
  });
  const environments = new Hono();
  environmentRoutes(environments, {
    store,
    vault,
    organization,
    now,
    identityOf: (context) => identify(context, access),
  });
  app.route("/api/esc/environments", environments);
  organizationRoutes(app, { store, organization, now, identityOf: (context) => identify(context, access) });
  app.notFound(() => errorResponse(404, "Not Found"));
  app.onError((error) => {
    if (error instanceof PulumiError) return errorResponse(error.status, error.message, error.diagnostics);
    console.error(error);
    return errorResponse(500, "Internal Server Error");
  });
  const listening = await serve(app, faults, options.port);
  return {
    ...listening,
    org: organization,
    close: async () => {
      await listening.close();
      store.close();
    },
  };
}
