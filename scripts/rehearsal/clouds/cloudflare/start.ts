import { join } from "node:path";
import { Faults } from "../base/faults.ts";
import { type Listening, serve } from "../base/serve.ts";
import { type Account, openAccount, tokenChooses } from "./account.ts";
import type { Tokens } from "./api/auth.ts";
import { startEdge } from "./edge/start.ts";
import type { Plan } from "./model.ts";

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
  /** Opens a second account, without a zone, by a token that may write there and nowhere else. */
  secondToken?: string;
  /** The base URL of the local server that stands for a server's address; undefined: nobody answers there. */
  resolveOrigin(ip: string): Promise<string | undefined>;
}

export interface Cloudflare extends Listening {
  accountId: string;
  /** The first zone's. */
  zoneId: string;
  /** The account of `secondToken`. */
  secondAccountId?: string;
  /** The rehearsed internet: HTTP by Host header and an HTTP proxy; `ca` is the PEM of the CA behind its certificates. */
  edge: { url: string; ca: string };
}

/** Starts the emulator of Cloudflare's API and the edge that serves what is uploaded to it. */
export async function startCloudflare(options: CloudflareOptions): Promise<Cloudflare> {
  const faults = new Faults(options.latencyMs);
  const first = openAccount(options, faults, options.tokens);
  const second = options.secondToken
    ? openAccount(
        {
          ...options,
          world: join(options.world, "second-account"),
          accountId: undefined,
          zones: [],
          workersSubdomain: "quayside-previews",
        },
        faults,
        { write: options.secondToken, read: options.secondToken },
      )
    : undefined;
  const accounts: Account[] = second ? [first, second] : [first];
  const edge = await startEdge(first.state.world, accounts, {
    port: options.edgePort ?? 0,
    resolveOrigin: options.resolveOrigin,
  });
  const api = tokenChooses(first, second, options.secondToken);
  const listening = await serve(api, faults, options.port);
  return {
    ...listening,
    accountId: first.state.accountId,
    zoneId: first.state.zones()[0]?.id ?? "",
    ...(second ? { secondAccountId: second.state.accountId } : {}),
    edge: { url: edge.url, ca: edge.ca },
    async close() {
      await listening.close();
      await edge.close();
      for (const account of accounts) {
        await account.workers.close();
        account.state.close();
      }
    },
  };
}
