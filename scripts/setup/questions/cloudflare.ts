import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { needlessPermissions } from "../needs.ts";
import type { Finding, Question } from "../question.ts";
import { keptSecret } from "../secret-places.ts";
import { findZone, inspectCloudflareToken } from "../tokens/cloudflare.ts";
import { domain } from "./stacks.ts";

const LINK = "https://dash.cloudflare.com/profile/api-tokens (Create Token, Custom token)";
const LISTED =
  "This zone: Zone (always Read), DNS, Zone Settings, Zone WAF, Cache Rules, SSL and Certificates, Workers Routes. This account: Workers Scripts, Workers KV Storage, D1, Cloudflare Pages, and Queues or Workers R2 Storage where a Worker binds one.";

export const cloudflareToken: Question = {
  name: "cloudflare-token",
  text: "A Cloudflare API token for deployments",
  purpose: `Set each to Edit. ${LISTED}`,
  link: LINK,
  secret: true,
  find: (bench) => keptSecret(bench, "CLOUDFLARE_API_TOKEN", "deploy"),
  check: (bench, token) => check(bench, token, "write"),
};

export const cloudflarePreviewToken: Question = {
  name: "cloudflare-preview-token",
  text: "A second Cloudflare API token, for previews",
  purpose: `The same list, each set to Read. ${LISTED}`,
  link: LINK,
  secret: true,
  find: (bench) => keptSecret(bench, "CLOUDFLARE_API_TOKEN", "preview"),
  check: (bench, token) => check(bench, token, "read"),
};

async function check(bench: Bench, token: string, purpose: "read" | "write"): Promise<Finding[]> {
  const name = await bench.ask(domain);
  const api = clients.cloudflare(bench, token);
  const { status } = await api.ask("GET", "/user/tokens/verify");
  if (status !== 200)
    return [{ wrong: true, text: "Cloudflare does not know this token: it is mistyped, or was deleted." }];
  const { zone, all } = await findZone(api, name);
  if (!zone)
    return [
      {
        wrong: true,
        text: `It sees no zone ${name}. Add the domain at https://dash.cloudflare.com first, and give the token Zone · Zone · Read for it. If the domain is mistyped, take it out of .setup/progress.json.`,
      },
    ];
  const findings = await inspectCloudflareToken(
    api,
    { accountId: zone.account.id, zoneId: zone.id },
    purpose,
    await needlessPermissions(bench),
  );
  return all > 1
    ? [
        ...findings,
        {
          wrong: false,
          text: `It is more powerful than it needs to be: it sees ${all} zones, and needs one.`,
        },
      ]
    : findings;
}
