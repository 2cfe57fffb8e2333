import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { splitId } from "./parts.ts";

const Inputs = z.object({ networkId: z.number(), destination: z.string(), gateway: z.string() });
const Network = z.object({
  network: z.object({ routes: z.array(z.object({ destination: z.string(), gateway: z.string() })) }),
});

async function find(hetzner: Hetzner, id: string): Promise<Live | undefined> {
  const { network, rest } = splitId(id);
  const found = await hetzner.find(`/networks/${network}`, Network);
  const route = found?.network.routes.find((each) => each.destination === rest);
  return route && { id, outputs: { networkId: network, ...route } };
}

/** https://docs.hetzner.cloud/reference/cloud#network-actions-add-a-route-to-a-network */
export const networkRoute: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const { networkId, destination, gateway } = Inputs.parse(creation.inputs);
    await hetzner.act(`/networks/${networkId}/actions/add_route`, { destination, gateway });
    const id = `${networkId}-${destination}`;
    creation.created(id);
    const made = await find(hetzner, id);
    if (!made) throw new Error(`network ${networkId} has no route to ${destination} after it was added`);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id),
  async delete(hetzner, known) {
    const found = await find(hetzner, known.id);
    if (!found) return;
    const { networkId, destination, gateway } = Inputs.parse(found.outputs);
    await hetzner.act(`/networks/${networkId}/actions/delete_route`, { destination, gateway });
  },
};
