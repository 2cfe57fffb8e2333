import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from "@pulumi/pulumi";

/** In seconds; 1 means "automatic", the only value a proxied record may have. */
const AUTOMATIC = 1;
/** In seconds: the least that a record outside of the proxy may have. Servers look the release up at this pace. */
const RELEASE_TTL = 60;

export interface Origin {
  /** The server's short name, `server1`. */
  name: string;
  /** A proxied hostname that reaches this server and no other. */
  healthHostname: string;
  ipv4: Input<string>;
  ipv6: Input<string>;
}

export interface DnsArgs {
  zoneId: string;
  appHostname: string;
  origins: Origin[];
  releaseName: string;
  /** What the release record says until the first deploy writes it: the image reference. */
  initialRelease: string;
}

/**
 * The names that lead to the servers, all proxied: one for the app, with an A and an AAAA record a server, one a server
 * for health checks; and the release record, which the deploys write.
 */
export class Dns extends ComponentResource {
  readonly releaseRecordId: Output<string>;

  constructor(name: string, args: DnsArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Dns", name, {}, options);
    const record = (label: string, record: Omit<DnsRecordArgs, "zoneId">, ignoreChanges: string[] = []) =>
      new DnsRecord(label, { zoneId: args.zoneId, ...record }, { parent: this, ignoreChanges });

    for (const origin of args.origins) {
      for (const [use, hostname] of [
        ["app", args.appHostname],
        ["health", origin.healthHostname],
      ] as const) {
        const proxied = { name: hostname, proxied: true, ttl: AUTOMATIC };
        record(`${use}-${origin.name}-a`, { ...proxied, type: "A", content: origin.ipv4 });
        record(`${use}-${origin.name}-aaaa`, { ...proxied, type: "AAAA", content: origin.ipv6 });
      }
    }

    const release = record(
      "release",
      { name: args.releaseName, type: "TXT", content: JSON.stringify(args.initialRelease), ttl: RELEASE_TTL },
      ["content"],
    );
    this.releaseRecordId = release.id;
    this.registerOutputs({});
  }
}
