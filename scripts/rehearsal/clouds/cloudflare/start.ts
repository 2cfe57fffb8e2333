import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import type { Tokens } from "./api/auth.ts";
import { cloudflareApi } from "./app.ts";
import { EdgeCache } from "./edge/cache.ts";
import { Firewall } from "./edge/firewall.ts";
import { RateLimiter } from "./edge/rate-limiter.ts";
import { startEdge } from "./edge/start.ts";
import { openWorkers } from "./edge/workers.ts";
import type { Plan } from "./model.ts";
import { openState } from "./state.ts";

export interface CloudflareOptions {
  /** Folder of all state; another folder is another world. */
  world: string;
  /** Port of the API; 0 or none takes any free one. */
  port?: number;
  edgePort?: number;
  latencyMs?: number;
  now?: () => Date;
  tokens: Tokens;
  /** 32 hexadecimal digits; kept from the first start when not given. */
  accountId?: string;
  /** Zones that exist from the start, active; `example.com` when not given. */
  zones?: { name: string }[];
  plan?: Plan;
  /** Refuse calls over Cloudflare's quota of 1,200 in five minutes, not only count them. */
  enforceRateLimit?: boolean;
  /** The base URL of the local server that stands for a server's address; undefined: nobody answers there. */
  resolveOrigin(ip: string): Promise<string | undefined>;
}

export interface Cloudflare extends Listening {
  accountId: string;
  /** The first zone's. */
  zoneId: string;
  /** The rehearsed internet: HTTP by Host header and an HTTP proxy; `ca` is the PEM of the CA behind its certificates. */
  edge: { url: string; ca: string };
}

/** Starts the emulator of Cloudflare's API and the edge that serves what is uploaded to it. */
export async function startCloudflare(options: CloudflareOptions): Promise<Cloudflare> {
  const state = openState(options);
  const faults = new Faults(options.latencyMs);
  const workers = openWorkers(state);
  const parts = { cache: new EdgeCache(state), firewall: new Firewall(state, new RateLimiter(state.now)) };
  const edge = await startEdge(state, workers, parts, {
    port: options.edgePort ?? 0,
    resolveOrigin: options.resolveOrigin,
  });
  const api = cloudflareApi(state, workers, parts, faults, {
    tokens: options.tokens,
    enforceRateLimit: options.enforceRateLimit ?? false,
  });
  const listening = await serve(api, faults, options.port);
  return {
    ...listening,
    accountId: state.accountId,
    zoneId: state.zones()[0]?.id ?? "",
    edge: { url: edge.url, ca: edge.ca },
    async close() {
      await listening.close();
      await edge.close();
      await workers.close();
      state.close();
    },
  };
}
