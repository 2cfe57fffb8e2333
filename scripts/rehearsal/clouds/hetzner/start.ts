import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { atomic } from "../base/atomic.ts";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { openStore } from "../base/store.ts";
import { actionRoutes } from "./action-routes.ts";
import { settle } from "./actions.ts";
import { catalogueRoutes } from "./catalogue-routes.ts";
import { holds, parseBlock } from "./cidr.ts";
import { errorResponse, faultResponse, HetznerError } from "./error.ts";
import { allowsInbound, firewallRoutes } from "./firewalls.ts";
import { machineViews } from "./machine-view.ts";
import { networkRoutes } from "./networks.ts";
import { placementGroupRoutes } from "./placement-groups.ts";
import { primaryIpRoutes } from "./primary-ips.ts";
import { type Kind, openProject, type Project } from "./project.ts";
import { rateLimit } from "./rate-limit.ts";
import { serverRoutes } from "./servers.ts";
import { sshKeyRoutes } from "./ssh-keys.ts";
import { statusAt } from "./status.ts";
import { volumeRoutes } from "./volumes.ts";

export interface HetznerOptions {
  /** The folder that holds the world. */
  world: string;
  /** API tokens of the one project: one reads and writes, one only reads. */
  tokens: { write: string; read: string };
  port?: number;
  latencyMs?: number;
  now?: () => Date;
  /** How long an action takes, in milliseconds; see {@link ACTION_MS}. */
  actionMs?: number;
  /** Calls an hour; default 3600, the real project's. */
  rateLimit?: number;
  /** How many of a kind the project may hold; see project.ts. */
  limits?: { [kind in Kind]?: number };
}

/** Whoever does not wait finds the action running; whoever looks again after 50 ms, as the stand-in does, finds it done. */
const ACTION_MS = 40;

/** What whoever stands in for the machine behind an address needs to know of it. */
export interface FoundServer {
  id: number;
  name: string;
  status: string;
  userData: string;
  firewallAllows443: boolean;
}

export interface RunningHetzner extends Listening {
  findServerByIp(ip: string): FoundServer | undefined;
}

/** Starts the Hetzner cloud: its API v1 (https://docs.hetzner.cloud/reference/cloud) under `/v1`. */
export async function startHetzner(options: HetznerOptions): Promise<RunningHetzner> {
  const store = openStore(options.world, "hetzner");
  const now = options.now ?? (() => new Date());
  const project = openProject(store, {
    now,
    actionMs: options.actionMs ?? ACTION_MS,
    ...(options.limits ? { limits: options.limits } : {}),
  });
  const faults = new Faults(options.latencyMs);
  const app = new Hono();
  const api = new Hono();
  app.use(async (c, next) => {
    await next();
    c.res.headers.set("x-correlation-id", randomBytes(8).toString("hex"));
  });
  // For whoever boots machines, as a part of the cloud: past its tokens and its limits.
  app.get("/_rehearsal/machines", (c) => {
    project.store.transaction(() => settle(project));
    return c.json(machineViews(project));
  });
  app.use(rateLimit(options.rateLimit ?? 3600, project.now));
  app.use(async (c, next) => {
    const token = /^Bearer (\S+)$/.exec(c.req.header("authorization") ?? "")?.[1];
    if (token !== options.tokens.write && token !== options.tokens.read)
      return errorResponse("unauthorized", "unable to authenticate");
    if (token === options.tokens.read && c.req.method !== "GET")
      return errorResponse("token_readonly", "token is only allowed to perform GET requests");
    return next();
  });
  app.use(faults.middleware(faultResponse));
  app.use(atomic(store, () => settle(project)));
  actionRoutes(api, project);
  catalogueRoutes(api);
  serverRoutes(api, project);
  volumeRoutes(api, project);
  networkRoutes(api, project);
  firewallRoutes(api, project);
  primaryIpRoutes(api, project);
  placementGroupRoutes(api, project);
  sshKeyRoutes(api, project);
  app.route("/v1", api);
  app.notFound(() => errorResponse("not_found", "the requested resource was not found"));
  app.onError((error) => {
    if (error instanceof HetznerError) return errorResponse(error.code, error.message, error.details);
    console.error(error);
    return errorResponse("server_error", "internal server error");
  });
  const listening = await serve(app, faults, options.port);
  return {
    ...listening,
    findServerByIp: (ip) => findServerByIp(project, ip),
    close: async () => {
      await listening.close();
      store.close();
    },
  };
}

function findServerByIp(project: Project, ip: string): FoundServer | undefined {
  project.store.transaction(() => settle(project));
  const address = project.primaryIps.list().find((each) => {
    const range = parseBlock(each.ip.includes("/") ? each.ip : `${each.ip}/32`);
    return range !== undefined && holds(range, ip);
  });
  const server = address?.assignee ? project.servers.get(address.assignee) : undefined;
  if (server === undefined) return undefined;
  return {
    id: server.id,
    name: server.name,
    status: statusAt(server, project.now()),
    userData: server.userData,
    firewallAllows443: allowsInbound(project, server, 443),
  };
}
