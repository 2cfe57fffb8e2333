import { serveProvider } from "./serve.ts";

/** One cloud: its API's base URL with the path (`…/v1`, `…/client/v4`) and a token. */
export interface CloudAccess {
  url: string;
  token: string;
}

export interface StandIns {
  hcloud: number;
  cloudflare: number;
  tls: number;
  /** The value of PULUMI_DEBUG_PROVIDERS that attaches an engine to them. */
  debugProviders: string;
  close(): Promise<void>;
}

/**
 * Starts the providers that stand in for the plugins of hcloud, cloudflare and tls, each on a free port of 127.0.0.1,
 * for engines that attach to them by PULUMI_DEBUG_PROVIDERS.
 *
 * Several engines may share them: an engine opens one connection for each provider instance, and what it configures
 * (`hcloud:token`, `hcloud:endpoint`, `cloudflare:apiToken`, `cloudflare:baseUrl`, or the arguments of an explicit
 * provider) holds for that connection alone. `options` say what holds for an engine that configures nothing. Attaching
 * does not carry an engine's environment over, so stacks that differ in HCLOUD_TOKEN and the like alone need either
 * one call of this function each, or the launchers of launchers.ts.
 */
export async function startStandIns(
  options: { hcloud?: CloudAccess; cloudflare?: CloudAccess } = {},
): Promise<StandIns> {
  const settings = (defaults: { [key: string]: string }) => ({
    defaults: new Map(Object.entries(defaults)),
    env: {},
  });
  const { hcloud: hetzner, cloudflare: edge } = options;
  const [hcloud, cloudflare, tls] = await Promise.all([
    serveProvider("hcloud", settings(hetzner ? { endpoint: hetzner.url, token: hetzner.token } : {})),
    serveProvider("cloudflare", settings(edge ? { baseUrl: edge.url, apiToken: edge.token } : {})),
    serveProvider("tls", settings({})),
  ]);
  return {
    hcloud: hcloud.port,
    cloudflare: cloudflare.port,
    tls: tls.port,
    debugProviders: `hcloud:${hcloud.port},cloudflare:${cloudflare.port},tls:${tls.port}`,
    async close() {
      await Promise.all([hcloud.close(), cloudflare.close(), tls.close()]);
    },
  };
}
