import { createHash } from "node:crypto";
import { PrimaryIp } from "@pulumi/hcloud/primaryIp.js";
import { Server as HcloudServer } from "@pulumi/hcloud/server.js";
import { VolumeAttachment } from "@pulumi/hcloud/volumeAttachment.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
  type Resource,
  unsecret,
} from "@pulumi/pulumi";
import { labels, type Owner, physicalName } from "./labels.ts";
import type { Location } from "./location.ts";
import { userData } from "./user-data.ts";

/** The image of a new server. A living one is kept current by its own unattended upgrades. */
const OPERATING_SYSTEM = "debian-12";

export interface ServerArgs {
  owner: Owner;
  location: Location;
  serverType: string;
  /** Its address in the private network. */
  privateIp: string;
  subnetId: Input<string>;
  firewallId: Input<number>;
  placementGroupId: Input<number>;
  primary: boolean;
  /** The app's hostname, then the server's own; all others are refused. */
  hostnames: [app: string, own: string];
  /** The hostname of the server that takes a release before this one. */
  after?: string;
  certificatePem: Input<string>;
  privateKeyPem: Input<string>;
  sealKeyPem: Input<string>;
  releaseKey: string;
  releaseName: string;
  images: [string, ...string[]];
  /** The id of the volume that this server keeps its data on, if it has one. */
  volumeId?: Input<string>;
  /** Whether its addresses refuse to be deleted. */
  protect: boolean;
  /** The machine is neither made nor changed before. */
  turn?: Promise<unknown> | undefined;
}

/**
 * A server, on addresses of its own that outlive it: a server that is replaced comes back under the same ones, and no DNS
 * record changes.
 */
export class Server extends ComponentResource {
  /** Another one after a replacement; all else of a server stays. */
  readonly machine: HcloudServer;
  readonly id: Output<string>;
  readonly name: Output<string>;
  readonly ipv4: Output<string>;
  readonly ipv6: Output<string>;

  constructor(name: string, args: ServerArgs, options?: ComponentResourceOptions) {
    super("quayside:hetzner:Server", name, {}, options);
    const { owner, location } = args;
    const own = { parent: this };

    const address = (type: "ipv4" | "ipv6") =>
      new PrimaryIp(
        `${name}-${type}`,
        {
          name: physicalName(owner, `${name}-${type}`, location),
          labels: labels(owner, `${name}-${type}`),
          type,
          location,
          assigneeType: "server",
          autoDelete: false,
          deleteProtection: args.protect,
        },
        { ...own, protect: args.protect },
      );
    const ipv4 = address("ipv4");
    const ipv6 = address("ipv6");

    const birth = all([args.certificatePem, args.privateKeyPem, args.sealKeyPem, args.volumeId]).apply(
      ([certificatePem, privateKeyPem, sealKeyPem, volumeId]) =>
        userData({
          project: owner.project,
          stack: owner.stack,
          server: name,
          primary: args.primary,
          hostnames: args.hostnames,
          after: args.after,
          certificatePem,
          privateKeyPem,
          sealKeyPem,
          releaseKey: args.releaseKey,
          releaseName: args.releaseName,
          images: args.images,
          volumeId,
        }),
    );

    const server = new HcloudServer(
      name,
      {
        name: physicalName(owner, name),
        labels: { ...labels(owner, name), birth: birthLabel(birth) },
        location,
        serverType: args.serverType,
        // A disk that has grown with the type can't go back to a smaller type.
        keepDisk: true,
        image: OPERATING_SYSTEM,
        shutdownBeforeDeletion: true,
        firewallIds: [args.firewallId],
        placementGroupId: args.placementGroupId,
        publicNets: [
          {
            ipv4Enabled: true,
            ipv4: ipv4.id.apply(Number),
            ipv6Enabled: true,
            ipv6: ipv6.id.apply(Number),
          },
        ],
        networks: [{ subnetId: args.subnetId, ip: args.privateIp, aliasIps: [] }],
        userData: birth,
      },
      {
        ...own,
        // Its name and addresses are taken as long as it lives, so the successor has to wait for its end.
        deleteBeforeReplace: true,
        // A newer image is for the next server, and there are no SSH keys.
        ignoreChanges: ["image", "sshKeys"],
        additionalSecretOutputs: ["userData"],
        // No dependency, which would have the two deleted together.
        dependsOn: noneAfter(args.turn),
      },
    );

    if (args.volumeId !== undefined) {
      new VolumeAttachment(
        `${name}-volume`,
        {
          serverId: server.id.apply(Number),
          volumeId: all([args.volumeId]).apply(([id]) => Number(id)),
          automount: false,
        },
        { ...own, deleteBeforeReplace: true },
      );
    }

    this.machine = server;
    this.id = server.id;
    this.name = server.name;
    this.ipv4 = ipv4.ipAddress;
    this.ipv6 = ipv6.ipAddress.apply(firstAddress);
    this.registerOutputs({});
  }
}

async function noneAfter(turn: Promise<unknown> | undefined): Promise<Resource[]> {
  await turn;
  return [];
}

/** A server takes the first address of its IPv6 network: `2001:db8:0:1::` and `2001:db8:0:1::/64` give `2001:db8:0:1::1`. */
export function firstAddress(network: string): string {
  return network.replace(/\/\d+$/, "").replace(/::$/, "::1");
}

/**
 * Hetzner never gives user data back. This label says which one a server was born with, so that one that is found after a
 * killed update is known to be the one that was wanted, or not. The data holds a private key, so that its hash tells nothing.
 */
function birthLabel(userData: Output<string>): Output<string> {
  return unsecret(userData.apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 16)));
}
