import { parseArgs } from "node:util";
import { startPluginHost } from "./host.ts";
import { writePluginLaunchers } from "./launchers.ts";
import { startStandIns } from "./start.ts";

// The stand-ins as a process of their own, until SIGTERM or SIGINT. What an attached engine does not configure comes
// from HCLOUD_ENDPOINT, HCLOUD_TOKEN, CLOUDFLARE_BASE_URL and CLOUDFLARE_API_TOKEN of this process. Prints
// {"providers":{"hcloud":PORT,"cloudflare":PORT,"tls":PORT},"debugProviders":"hcloud:PORT,…"} once they listen.
// With --pulumi-home DIR, also makes DIR a PULUMI_HOME in which they are installed as plugins, and prints it too.
const { values } = parseArgs({ options: { "pulumi-home": { type: "string" } } });
const { HCLOUD_ENDPOINT, HCLOUD_TOKEN, CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN } = process.env;
const { close, debugProviders, ...providers } = await startStandIns({
  ...(HCLOUD_ENDPOINT && HCLOUD_TOKEN ? { hcloud: { url: HCLOUD_ENDPOINT, token: HCLOUD_TOKEN } } : {}),
  ...(CLOUDFLARE_BASE_URL && CLOUDFLARE_API_TOKEN
    ? { cloudflare: { url: CLOUDFLARE_BASE_URL, token: CLOUDFLARE_API_TOKEN } }
    : {}),
});
const pulumiHome = values["pulumi-home"];
const host = pulumiHome === undefined ? undefined : await startPluginHost();
if (pulumiHome !== undefined && host) writePluginLaunchers(pulumiHome, { host: host.port });
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void Promise.all([close(), host?.close()]));
}
// Last, as whoever reads it may end the process at once.
process.stdout.write(`${JSON.stringify({ providers, debugProviders, pulumiHome })}\n`);
