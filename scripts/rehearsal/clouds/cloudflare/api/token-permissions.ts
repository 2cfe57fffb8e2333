/** Permission groups of API tokens (https://developers.cloudflare.com/fundamentals/api/reference/permissions/), by the routes that ask for them. */
const GROUPS: readonly { group: string; path: RegExp }[] = [
  { group: "API Tokens", path: /^\/user\/tokens(?!\/verify)/ },
  { group: "Account Settings", path: /^\/accounts\/[^/]+\/members/ },
  { group: "DNS", path: /^\/zones\/[^/]+\/(dns_records|dnssec)/ },
  { group: "Zone Settings", path: /^\/zones\/[^/]+\/settings/ },
  { group: "Cache Rules", path: /^\/zones\/[^/]+\/rulesets\/phases\/http_request_cache_settings/ },
  { group: "Zone WAF", path: /^\/zones\/[^/]+\/rulesets\/phases\/http_(request_firewall|ratelimit)/ },
  { group: "SSL and Certificates", path: /^\/(zones\/[^/]+\/origin_tls_client_auth|certificates)/ },
  { group: "Workers Routes", path: /^\/zones\/[^/]+\/workers\/routes/ },
  { group: "Workers Scripts", path: /^\/accounts\/[^/]+\/workers\// },
  { group: "Workers KV Storage", path: /^\/accounts\/[^/]+\/storage\/kv/ },
  { group: "D1", path: /^\/accounts\/[^/]+\/d1/ },
  { group: "Cloudflare Pages", path: /^\/accounts\/[^/]+\/pages/ },
  { group: "Account Analytics", path: /^\/graphql$/ },
  { group: "Queues", path: /^\/accounts\/[^/]+\/queues/ },
  { group: "Workers R2 Storage", path: /^\/accounts\/[^/]+\/r2/ },
  { group: "Zone", path: /^\/zones\/[^/]+(\/activation_check)?$/ },
];

export type Level = "none" | "read" | "edit";

/** What the template's own two tokens hold: everything that a stack needs, and nothing of the account itself. */
export function standingPermissions(level: Level): Record<string, Level> {
  const own = GROUPS.map(({ group }) => group).filter(
    (group) => group !== "API Tokens" && group !== "Account Settings",
  );
  return Object.fromEntries(own.map((group) => [group, group === "Zone" ? "read" : level]));
}

/** Whether permissions allow a request; routes that no group guards here are open to every token that reads or writes at all. */
export function allows(permissions: Record<string, Level>, method: string, path: string): boolean {
  // A GraphQL query only reads, whatever its method.
  const writes = method !== "GET" && method !== "HEAD" && path !== "/graphql";
  const group = GROUPS.find((each) => each.path.test(path))?.group;
  const asked = group === undefined ? Object.values(permissions) : [permissions[group] ?? "none"];
  // Asking Cloudflare to look again at a delegation changes nothing, and needs no more than reading the zone.
  if (path.endsWith("/activation_check")) return asked.some((level) => level !== "none");
  return asked.some((level) => level === "edit" || (!writes && level === "read"));
}
