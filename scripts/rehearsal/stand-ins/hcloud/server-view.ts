import { createHash } from "node:crypto";
import { z } from "zod";
import type { PropertyMap } from "../provider/property.ts";
import type { Known, Live } from "../provider/resource.ts";
import { given, Located, Reference } from "./parts.ts";

/** A server as the API shows it, as far as the resource has properties for it. */
export const Server = z.object({
  server: Located.extend({
    id: z.number(),
    name: z.string(),
    status: z.string(),
    server_type: z.object({ name: z.string(), architecture: z.string().nullish() }),
    image: z.object({ id: z.number(), name: z.string().nullish() }).nullish(),
    labels: z.record(z.string(), z.string()),
    backup_window: z.string().nullish(),
    rescue_enabled: z.boolean().nullish(),
    iso: z.object({ name: z.string().nullish() }).nullish(),
    protection: z.object({ delete: z.boolean(), rebuild: z.boolean() }),
    primary_disk_size: z.number(),
    placement_group: Reference,
    public_net: z.object({
      ipv4: z.object({ id: z.number().nullish(), ip: z.string() }).nullish(),
      ipv6: z.object({ id: z.number().nullish(), ip: z.string() }).nullish(),
      firewalls: z.array(z.object({ id: z.number() })).nullish(),
    }),
    private_net: z.array(
      z.object({
        network: z.number(),
        ip: z.string(),
        alias_ips: z.array(z.string()).nullish(),
        mac_address: z.string().nullish(),
      }),
    ),
  }),
});
export type Server = z.infer<typeof Server>["server"];

/** The server's properties. `known` tells how the program named what the API knows under several names. */
export function serverOutputs(server: Server, known: Pick<Known, "inputs" | "outputs">): Live {
  const { ipv4, ipv6 } = server.public_net;
  return {
    id: String(server.id),
    outputs: given({
      name: server.name,
      serverType: server.server_type.name,
      image: imageOf(server, known.inputs.image),
      location: server.location?.name ?? server.datacenter?.location.name,
      datacenter: server.datacenter?.name,
      status: server.status,
      labels: server.labels,
      backups: Boolean(server.backup_window),
      backupWindow: server.backup_window ?? "",
      ipv4Address: ipv4?.ip ?? "",
      // The server's own address is the first one of its /64 block.
      ipv6Address: ipv6 ? `${ipv6.ip.split("/")[0]}1` : "",
      ipv6Network: ipv6?.ip ?? "",
      firewallIds: (server.public_net.firewalls ?? []).map((firewall) => firewall.id),
      placementGroupId: server.placement_group,
      primaryDiskSize: server.primary_disk_size,
      deleteProtection: server.protection.delete,
      rebuildProtection: server.protection.rebuild,
      publicNets: [
        given<boolean | number>({
          ipv4Enabled: Boolean(ipv4),
          ipv4: ipv4?.id,
          ipv6Enabled: Boolean(ipv6),
          ipv6: ipv6?.id,
        }),
      ],
      networks: networksOf(server, known),
      userData: userDataHash(known),
      ...writeOnly(known.inputs),
    }),
  };
}

function imageOf(server: Server, asked: unknown): string | undefined {
  if (!server.image) return undefined;
  const id = String(server.image.id);
  return server.image.name && id !== asked ? server.image.name : id;
}

/** Only servers that name their networks inline show them: others are attached by resources of their own. */
function networksOf(server: Server, known: Pick<Known, "inputs">): PropertyMap[] | undefined {
  const imported = Object.keys(known.inputs).length === 0;
  if (known.inputs.networks === undefined && !imported) return undefined;
  return server.private_net.map((net) => ({
    networkId: net.network,
    ip: net.ip,
    aliasIps: net.alias_ips ?? [],
    macAddress: net.mac_address ?? "",
  }));
}

/** The API never gives user data back; the state keeps its hash, as the real plugin does. */
function userDataHash(known: Pick<Known, "inputs" | "outputs">): string | undefined {
  const { userData } = known.inputs;
  if (typeof userData === "string") return createHash("sha1").update(userData).digest("base64");
  return typeof known.outputs.userData === "string" ? known.outputs.userData : undefined;
}

function writeOnly(inputs: PropertyMap): PropertyMap {
  const kept: PropertyMap = {};
  for (const key of [
    "sshKeys",
    "keepDisk",
    "allowDeprecatedImages",
    "iso",
    "rescue",
    "ignoreRemoteFirewallIds",
    "shutdownBeforeDeletion",
  ]) {
    const value = inputs[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
