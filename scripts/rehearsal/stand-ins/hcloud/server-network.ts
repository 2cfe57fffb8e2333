import { z } from "zod";
import { ApiError } from "../call.ts";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { given, splitId } from "./parts.ts";

const Inputs = z.object({
  serverId: z.number(),
  networkId: z.number().optional(),
  subnetId: z.string().optional(),
  ip: z.string().optional(),
  aliasIps: z.array(z.string()).default([]),
});
const Server = z.object({
  server: z.object({
    private_net: z.array(
      z.object({
        network: z.number(),
        ip: z.string(),
        alias_ips: z.array(z.string()),
        mac_address: z.string().nullish(),
      }),
    ),
  }),
});

async function find(hetzner: Hetzner, id: string, subnetId: unknown): Promise<Live | undefined> {
  const [server, network] = id.split("-").map(Number);
  const found = await hetzner.find(`/servers/${server}`, Server);
  const net = found?.server.private_net.find((each) => each.network === network);
  return (
    net && {
      id,
      outputs: given<number | string | string[]>({
        serverId: server,
        networkId: network,
        subnetId: typeof subnetId === "string" ? subnetId : undefined,
        ip: net.ip,
        aliasIps: net.alias_ips,
        macAddress: net.mac_address ?? "",
      }),
    }
  );
}

/** https://docs.hetzner.cloud/reference/cloud#server-actions-attach-a-server-to-a-network */
export const serverNetwork: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const subnet = inputs.subnetId === undefined ? undefined : splitId(inputs.subnetId);
    const network = subnet?.network ?? inputs.networkId;
    try {
      await hetzner.act(
        `/servers/${inputs.serverId}/actions/attach_to_network`,
        given<number | string | string[]>({
          network,
          ip: inputs.ip,
          ip_range: subnet?.rest,
          alias_ips: inputs.aliasIps,
        }),
        ["conflict", "service_error", "no_subnet_available"],
      );
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "server_already_attached")) throw error;
    }
    const id = `${inputs.serverId}-${network}`;
    creation.created(id);
    const made = await find(hetzner, id, inputs.subnetId);
    if (!made)
      throw new Error(`server ${inputs.serverId} is not in network ${network} after it was attached`);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id, known.inputs.subnetId),
  async update(hetzner, revision) {
    const { aliasIps, subnetId } = Inputs.parse(revision.inputs);
    const [server, network] = revision.id.split("-").map(Number);
    await hetzner.act(`/servers/${server}/actions/change_alias_ips`, { network, alias_ips: aliasIps });
    const now = await find(hetzner, revision.id, subnetId);
    if (!now) throw new Error(`server ${server} is no longer in network ${network}`);
    return now;
  },
  async delete(hetzner, known) {
    if (!(await find(hetzner, known.id, undefined))) return;
    const [server, network] = known.id.split("-").map(Number);
    await hetzner.act(`/servers/${server}/actions/detach_from_network`, { network }, ["conflict"]);
  },
};
