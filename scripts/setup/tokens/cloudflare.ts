import { z } from "zod";
import { resultOf } from "../../providers/cloudflare-api.ts";
import type { Method, RestApi } from "../../providers/rest.ts";
import type { Finding } from "../question.ts";

/** Where a token has to be allowed to work. */
export interface Place {
  accountId: string;
  zoneId: string;
}

interface Permission {
  /** As Cloudflare's form for tokens calls it. */
  name: string;
  read: (place: Place) => string;
  /** A request that nothing can come of: it lacks what it would need. Without one, the permission is only ever read. */
  write?: (place: Place) => [method: Method, path: string, body: unknown];
}

const zone = (rest: string) => (place: Place) => `/zones/${place.zoneId}${rest}`;
const account = (rest: string) => (place: Place) => `/accounts/${place.accountId}${rest}`;
const empty =
  (method: Method, path: (place: Place) => string, body: unknown = {}) =>
  (place: Place): [Method, string, unknown] => [method, path(place), body];
const ruleset = (phase: string) => zone(`/rulesets/phases/${phase}/entrypoint`);

const Zone = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  name_servers: z.array(z.string()).default([]),
  account: z.object({ id: z.string() }),
  plan: z.object({ legacy_id: z.string().optional() }).optional(),
});
export type Zone = z.infer<typeof Zone>;

/** The zones that a token sees by that name, and how many it sees at all. */
export async function findZone(api: RestApi, name: string): Promise<{ zone: Zone | undefined; all: number }> {
  const Listed = z.object({
    result: z.array(Zone),
    result_info: z.object({ total_count: z.number() }).optional(),
  });
  const [named, every] = await Promise.all([
    api.call("GET", `/zones?name=${encodeURIComponent(name)}`, Listed),
    api.call("GET", "/zones?per_page=5", Listed),
  ]);
  return { zone: named.result[0], all: every.result_info?.total_count ?? every.result.length };
}

/** What the pipeline's tokens need, and how one sees whether they have it without changing anything. */
export const CLOUDFLARE_PERMISSIONS: readonly Permission[] = [
  { name: "Zone · Zone", read: zone("") },
  { name: "Zone · DNS", read: zone("/dns_records?per_page=1"), write: empty("POST", zone("/dns_records")) },
  {
    name: "Zone · Zone Settings",
    read: zone("/settings/ssl"),
    write: empty("PATCH", zone("/settings/ssl"), { value: "?" }),
  },
  {
    name: "Zone · Zone WAF",
    read: ruleset("http_request_firewall_custom"),
    write: empty("PUT", ruleset("http_request_firewall_custom"), { rules: "?" }),
  },
  {
    name: "Zone · Cache Rules",
    read: ruleset("http_request_cache_settings"),
    write: empty("PUT", ruleset("http_request_cache_settings"), { rules: "?" }),
  },
  {
    name: "Zone · SSL and Certificates",
    read: zone("/origin_tls_client_auth/settings"),
    write: empty("PUT", zone("/origin_tls_client_auth/settings"), { enabled: "?" }),
  },
  {
    name: "Zone · Workers Routes",
    read: zone("/workers/routes"),
    write: empty("POST", zone("/workers/routes")),
  },
  {
    name: "Account · Workers Scripts",
    read: account("/workers/scripts"),
    write: empty("POST", account("/workers/scripts/quayside-setup-probe/deployments")),
  },
  {
    name: "Account · Workers KV Storage",
    read: account("/storage/kv/namespaces"),
    write: empty("POST", account("/storage/kv/namespaces")),
  },
  { name: "Account · D1", read: account("/d1/database"), write: empty("POST", account("/d1/database")) },
  {
    name: "Account · Cloudflare Pages",
    read: account("/pages/projects"),
    write: empty("POST", account("/pages/projects")),
  },
  { name: "Account · Queues", read: account("/queues"), write: empty("POST", account("/queues")) },
  {
    name: "Account · Workers R2 Storage",
    read: account("/r2/buckets"),
    write: empty("POST", account("/r2/buckets")),
  },
];

/** What nothing here needs: a token that is let in there is too powerful. */
const TOO_MUCH: readonly { what: string; path: (place: Place) => string }[] = [
  { what: "make and read API tokens (API Tokens)", path: () => "/user/tokens" },
  { what: "see the account's members (Account Settings)", path: account("/members") },
];

const Verified = resultOf(
  z.object({ id: z.string(), status: z.string(), expires_on: z.string().optional() }),
);

/** A token's own id and end, as Cloudflare tells them to the token itself; undefined for one that it does not know. */
export async function verifyCloudflareToken(api: RestApi): Promise<z.infer<typeof Verified> | undefined> {
  const answer = await api.ask("GET", "/user/tokens/verify");
  return answer.status === 200 ? Verified.parse(answer.body) : undefined;
}

/**
 * What an API token may do at Cloudflare. A token can't read its own permissions, so each is tried: by reading, and by a
 * request for a change that lacks what it needs, which is refused either for its content or for the token (403, code 10000).
 *
 * @param optional permissions that this repository does not need; their lack is no finding
 */
export async function inspectCloudflareToken(
  api: RestApi,
  place: Place,
  purpose: "read" | "write",
  optional: readonly string[],
): Promise<Finding[]> {
  const [verified, seen, much] = await Promise.all([
    verifyCloudflareToken(api),
    Promise.all(CLOUDFLARE_PERMISSIONS.map((permission) => tryPermission(api, place, permission, purpose))),
    Promise.all(
      TOO_MUCH.map(async ({ what, path }) => ((await refuses(api, "GET", path(place))) ? [] : [what])),
    ),
  ]);
  if (verified === undefined)
    return [{ wrong: true, text: "Cloudflare does not know this token: it is mistyped, or was deleted." }];
  if (verified.status !== "active")
    return [{ wrong: true, text: `Cloudflare says that this token is ${verified.status}.` }];
  const needed = seen.filter(({ name }) => !optional.includes(name));
  const unread = needed.filter(({ reads }) => !reads).map(({ name }) => name);
  const unwritten =
    purpose === "write" ? needed.filter(({ writes }) => writes === false).map(({ name }) => name) : [];
  const tooMuch =
    purpose === "read" ? seen.filter(({ writes }) => writes === true).map(({ name }) => name) : [];
  const lacks = [...new Set([...unread, ...unwritten])];
  return [
    ...(lacks.length > 0
      ? [
          {
            wrong: true,
            text: `It lacks ${lacks.map((name) => `${name} (${purpose === "write" && name !== "Zone · Zone" ? "Edit" : "Read"})`).join(", ")}.`,
          },
        ]
      : []),
    ...(tooMuch.length > 0
      ? [{ wrong: true, text: `It may write, and pull requests use it: set to Read ${tooMuch.join(", ")}.` }]
      : []),
    ...(much.flat().length > 0
      ? [{ wrong: false, text: `It is more powerful than it needs to be: it may ${much.flat().join(", ")}.` }]
      : []),
    ...(verified.expires_on === undefined
      ? []
      : [
          {
            wrong: false,
            text: `It ends on ${verified.expires_on.slice(0, 10)}: npm run doctor warns before that.`,
          },
        ]),
  ];
}

async function tryPermission(api: RestApi, place: Place, permission: Permission, purpose: "read" | "write") {
  const reads = !(await refuses(api, "GET", permission.read(place)));
  // A deployment's token that may not even read is not asked whether it writes.
  const { write } = permission;
  const writes = write && (purpose === "read" || reads) ? !(await refuses(api, ...write(place))) : undefined;
  return { name: permission.name, reads, writes };
}

/** Whether the token is what a request is refused for; any other answer lets it in. */
async function refuses(api: RestApi, method: Method, path: string, body?: unknown): Promise<boolean> {
  const { status } = await api.ask(method, path, body);
  return status === 401 || status === 403;
}
