import type { ProviderDefinition } from "../provider/resource.ts";
import { packageSchema } from "../schema.ts";
import { type Hetzner, hetznerClient } from "./client.ts";
import { firewall } from "./firewall.ts";
import { firewallAttachment } from "./firewall-attachment.ts";
import { functions } from "./functions.ts";
import { loadBalancer } from "./load-balancer.ts";
import { network } from "./network.ts";
import { networkRoute } from "./network-route.ts";
import { networkSubnet } from "./network-subnet.ts";
import { placementGroup } from "./placement-group.ts";
import { primaryIp } from "./primary-ip.ts";
import { rdns } from "./rdns.ts";
import { server } from "./server.ts";
import { serverNetwork } from "./server-network.ts";
import { sshKey } from "./ssh-key.ts";
import { volume } from "./volume.ts";
import { volumeAttachment } from "./volume-attachment.ts";

/** What stands in for the plugin of `@pulumi/hcloud`. */
export const hcloud: ProviderDefinition<Hetzner> = {
  schema: packageSchema("hcloud"),
  connect: (config, signal) =>
    hetznerClient({
      endpoint: config.get("endpoint") ?? "https://api.hetzner.cloud/v1",
      token: requireToken(config),
      pollMs: milliseconds(config.get("pollInterval")) ?? 500,
      signal,
    }),
  resources: {
    "hcloud:index/firewall:Firewall": firewall,
    "hcloud:index/firewallAttachment:FirewallAttachment": firewallAttachment,
    "hcloud:index/loadBalancer:LoadBalancer": loadBalancer,
    "hcloud:index/network:Network": network,
    "hcloud:index/networkRoute:NetworkRoute": networkRoute,
    "hcloud:index/networkSubnet:NetworkSubnet": networkSubnet,
    "hcloud:index/placementGroup:PlacementGroup": placementGroup,
    "hcloud:index/primaryIp:PrimaryIp": primaryIp,
    "hcloud:index/rdns:Rdns": rdns,
    "hcloud:index/server:Server": server,
    "hcloud:index/serverNetwork:ServerNetwork": serverNetwork,
    "hcloud:index/sshKey:SshKey": sshKey,
    "hcloud:index/volume:Volume": volume,
    "hcloud:index/volumeAttachment:VolumeAttachment": volumeAttachment,
  },
  functions,
};

/** Reads a duration as Go writes it, `500ms` or `2s`. */
function milliseconds(duration: string | undefined): number | undefined {
  const [, amount, unit] = duration?.match(/^(\d+(?:\.\d+)?)(ms|s)$/) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unit === "s" ? 1000 : 1);
}

function requireToken(config: ReadonlyMap<string, string>): string {
  const token = config.get("token");
  if (!token)
    throw new Error(
      "hcloud has no API token: set hcloud:token in the stack's configuration, or HCLOUD_TOKEN",
    );
  return token;
}
