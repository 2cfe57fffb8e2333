import { z } from "zod";
import type { HetznerCollection, HetznerItem } from "../../providers/hetzner-inventory.ts";
import type { AdoptionRule } from "./rule.ts";

const Named = z.object({ name: z.string(), labels: z.record(z.string(), z.string()) });
const Subnet = z.object({ networkId: z.number(), ipRange: z.string() });
const Attachment = z.object({ volumeId: z.number(), serverId: z.number() });

/** The labels that say whose a thing is (infra/src/hetzner/labels.ts). */
const OWNER = ["project", "stack", "resource"] as const;
/** The label of a server that says which user data it was born with (infra/src/hetzner/server.ts). */
const BIRTH = "birth";

/** A thing with a name, which Hetzner gives once a kind, and with this stack's labels on it. */
function named(type: string, collection: HetznerCollection, unlike?: Unlike): AdoptionRule {
  return {
    type: `hcloud:index/${type}`,
    by: ["name", "labels"],
    async find({ hetzner }, wanted) {
      const { name, labels } = Named.parse(wanted);
      const found = await hetzner.named(collection, name);
      if (!found || !OWNER.every((label) => labels[label] && found.labels[label] === labels[label]))
        return undefined;
      return { id: String(found.id), unlike: unlike?.(found, labels) ?? [] };
    },
  };
}
type Unlike = (found: HetznerItem, labels: Record<string, string>) => readonly string[];

export const HETZNER: readonly AdoptionRule[] = [
  named("firewall:Firewall", "firewalls"),
  named("loadBalancer:LoadBalancer", "load_balancers"),
  named("network:Network", "networks"),
  named("placementGroup:PlacementGroup", "placement_groups"),
  named("primaryIp:PrimaryIp", "primary_ips"),
  // Hetzner never gives user data back: one that was born with other data than is wanted now is to be replaced.
  named("server:Server", "servers", (found, labels) =>
    found.labels[BIRTH] === labels[BIRTH] ? [] : ["userData"],
  ),
  named("sshKey:SshKey", "ssh_keys"),
  named("volume:Volume", "volumes"),
  {
    type: "hcloud:index/networkSubnet:NetworkSubnet",
    by: ["networkId", "ipRange"],
    async find({ hetzner }, wanted) {
      const { networkId, ipRange } = Subnet.parse(wanted);
      const ranges = await hetzner.subnets(networkId);
      return ranges.includes(ipRange) ? { id: `${networkId}-${ipRange}` } : undefined;
    },
  },
  {
    type: "hcloud:index/volumeAttachment:VolumeAttachment",
    by: ["volumeId", "serverId"],
    async find({ hetzner }, wanted) {
      const { volumeId, serverId } = Attachment.parse(wanted);
      return (await hetzner.serverOfVolume(volumeId)) === serverId ? { id: String(volumeId) } : undefined;
    },
  },
];
