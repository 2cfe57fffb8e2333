import { startStandIns } from "./start.ts";

// The stand-ins as a process of their own, until SIGTERM or SIGINT. What an engine does not configure comes from
// HCLOUD_ENDPOINT, HCLOUD_TOKEN, CLOUDFLARE_BASE_URL and CLOUDFLARE_API_TOKEN of this process. Prints
// {"providers":{"hcloud":PORT,"cloudflare":PORT,"tls":PORT}} once they listen.
const { HCLOUD_ENDPOINT, HCLOUD_TOKEN, CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN } = process.env;
const { close, debugProviders, ...providers } = await startStandIns({
  ...(HCLOUD_ENDPOINT && HCLOUD_TOKEN ? { hcloud: { url: HCLOUD_ENDPOINT, token: HCLOUD_TOKEN } } : {}),
  ...(CLOUDFLARE_BASE_URL && CLOUDFLARE_API_TOKEN
    ? { cloudflare: { url: CLOUDFLARE_BASE_URL, token: CLOUDFLARE_API_TOKEN } }
    : {}),
});
process.stdout.write(`${JSON.stringify({ providers, debugProviders })}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void close());
