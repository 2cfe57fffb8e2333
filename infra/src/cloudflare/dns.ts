import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResource,
  type CustomResourceOptions,
  type Input,
  type Output,
  type Resource,
} from "@pulumi/pulumi";
import { ownership } from "./ownership.ts";

/** In seconds; 1 means "automatic", the only value a proxied record may have. */
const AUTOMATIC = 1;
/** In seconds: the least that a record outside of the proxy may have. Servers look the release up at this pace. */
const RELEASE_TTL = 60;
/** What the release record says until the first deploy: nothing to run, as only a deploy can say so. */
const NO_RELEASE = '"v=1 release=none"';

export interface Origin {
  /** The server's short name, `server1`. */
  name: string;
  /** A proxied hostname that reaches this server and no other. */
  healthHostname: string;
  ipv4: Input<string>;
  ipv6: Input<string>;
  /** The app's records come after this and go before it: visitors are never sent to a server that is not there. */
  server: Resource;
  /** Replaced with it, they go before the old one, and come again after the new one; none stay as they are. */
  machine?: CustomResource | undefined;
  /** The app's records don't come before. */
  ready?: Promise<unknown> | undefined;
}

export interface DnsArgs {
  zoneId: string;
  appHostname: string;
  releaseName: string;
}

/**
 * The names that lead to the servers, all proxied: one for the app, with an A and an AAAA record a server, one a server
 * for health checks; and the release record, which the deploys write.
 */
export class Dns extends ComponentResource {
  readonly releaseRecordId: Output<string>;
  readonly #args: DnsArgs;

  constructor(name: string, args: DnsArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Dns", name, {}, options);
    this.#args = args;
    const release = this.#record(
      "release",
      { name: args.releaseName, type: "TXT", content: NO_RELEASE, ttl: RELEASE_TTL },
      { ignoreChanges: ["content"] },
    );
    this.releaseRecordId = release.id;
    this.registerOutputs({});
  }

  /**
   * Leads its own name and the app's to a server.
   *
   * @returns the ids of the app's records: once they are known, visitors come
   */
  lead({ name, healthHostname, ipv4, ipv6, server, machine, ready }: Origin): Output<string[]> {
    const proxied = { proxied: true, ttl: AUTOMATIC };
    const health = { ...proxied, name: healthHostname };
    this.#record(`health-${name}-a`, { ...health, type: "A", content: ipv4 });
    this.#record(`health-${name}-aaaa`, { ...health, type: "AAAA", content: ipv6 });

    const app = { ...proxied, name: this.#args.appHostname };
    const withServer = {
      dependsOn: settled(ready).then(() => [server]),
      ...(machine ? { replaceWith: [machine], deleteBeforeReplace: true } : {}),
    };
    return all([
      this.#record(`app-${name}-a`, { ...app, type: "A", content: ipv4 }, withServer).id,
      this.#record(`app-${name}-aaaa`, { ...app, type: "AAAA", content: ipv6 }, withServer).id,
    ]);
  }

  #record(label: string, record: Omit<DnsRecordArgs, "zoneId">, own: CustomResourceOptions = {}): DnsRecord {
    const { zoneId } = this.#args;
    return new DnsRecord(label, { zoneId, comment: ownership(label), ...record }, { parent: this, ...own });
  }
}

const settled = async (promise: Promise<unknown> | undefined): Promise<void> => void (await promise);
