/** A server of the stack by its short name; the second one is optional, its hostname is set aside all the same. */
export const SERVER_NAMES = ["server1", "server2"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** Every hostname of a stack. All are at most one level below the zone, which is what free certificates cover. */
export interface Hosts {
  app: string;
  /** The host of the site of that name; a site's folder name is its host's first label. */
  site(name: string): string;
  /** A host that leads to one server and no other. */
  server(name: ServerName): string;
  /** The zone's own name, where this stack may use it. */
  apex: string | undefined;
  /** The name of the TXT record that tells the servers which image to run. */
  release: string;
}

/** The hosts of a stack: `<name><suffix>.<domain>`. Only a stack without a suffix may use the zone's own name. */
export function hostsOf({ domain, hostSuffix }: { domain: string; hostSuffix: string }): Hosts {
  const host = (label: string) => `${label}${hostSuffix}.${domain}`;
  return {
    app: host("app"),
    site: host,
    server: host,
    apex: hostSuffix === "" ? domain : undefined,
    release: `_release.${host("app")}`,
  };
}
