import type { Clouds } from "./clouds-process.ts";

/** What tells a program where the rehearsed clouds are; nothing of it is secret, and nothing of it speaks of a job. */
export function worldEnvironment({
  esc,
  hetzner,
  cloudflare,
  neon,
  doppler,
  edge,
}: Clouds): Record<string, string> {
  return {
    PULUMI_API: new URL(esc.url).origin,
    HCLOUD_ENDPOINT: hetzner.url,
    CLOUDFLARE_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_ACCOUNT_ID: cloudflare.accountId,
    NEON_API_URL: neon.url,
    DOPPLER_API_HOST: doppler.url,
    // The rehearsed internet is behind a proxy, as in many companies: nothing else tells the pipeline that it is there.
    NODE_USE_ENV_PROXY: "1",
    HTTPS_PROXY: edge.url,
    NO_PROXY: "127.0.0.1,localhost",
    NODE_EXTRA_CA_CERTS: edge.ca,
  };
}
