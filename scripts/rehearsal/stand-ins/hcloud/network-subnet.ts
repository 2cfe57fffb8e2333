import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { given, splitId } from "./parts.ts";

const Inputs = z.object({
  networkId: z.number(),
  ipRange: z.string(),
  networkZone: z.string(),
  type: z.string(),
  vswitchId: z.number().optional(),
});
const Network = z.object({
  network: z.object({
    subnets: z.array(
      z.object({
        type: z.string(),
        ip_range: z.string(),
        network_zone: z.string(),
        gateway: z.string(),
        vswitch_id: z.number().nullish(),
      }),
    ),
  }),
});

async function find(hetzner: Hetzner, id: string): Promise<Live | undefined> {
  const { network, rest } = splitId(id);
  const found = await hetzner.find(`/networks/${network}`, Network);
  const subnet = found?.network.subnets.find((each) => each.ip_range === rest);
  return (
    subnet && {
      id,
      outputs: given<string | number>({
        networkId: network,
        ipRange: subnet.ip_range,
        networkZone: subnet.network_zone,
        type: subnet.type,
        gateway: subnet.gateway,
        vswitchId: subnet.vswitch_id,
      }),
    }
  );
}

/** https://docs.hetzner.cloud/reference/cloud#network-actions-add-a-subnet-to-a-network */
export const networkSubnet: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    await hetzner.act(
      `/networks/${inputs.networkId}/actions/add_subnet`,
      given<string | number>({
        type: inputs.type,
        ip_range: inputs.ipRange,
        network_zone: inputs.networkZone,
        vswitch_id: inputs.vswitchId,
      }),
      ["vswitch_id_already_used"],
    );
    const id = `${inputs.networkId}-${inputs.ipRange}`;
    creation.created(id);
    const made = await find(hetzner, id);
    if (!made)
      throw new Error(`network ${inputs.networkId} has no subnet ${inputs.ipRange} after it was added`);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id),
  async delete(hetzner, known) {
    if (!(await find(hetzner, known.id))) return;
    const { network, rest } = splitId(known.id);
    // Servers that are being deleted beside it still hold the subnet for a moment.
    await hetzner.act(`/networks/${network}/actions/delete_subnet`, { ip_range: rest }, [
      "conflict",
      "service_error",
      "resource_in_use",
    ]);
  },
};
