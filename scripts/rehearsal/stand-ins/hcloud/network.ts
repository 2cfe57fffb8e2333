import { z } from "zod";
import type { ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { Labels, protect } from "./parts.ts";

const Inputs = z.object({
  name: z.string(),
  ipRange: z.string(),
  labels: Labels,
  deleteProtection: z.boolean().default(false),
  exposeRoutesToVswitch: z.boolean().default(false),
});
const Network = z.object({
  network: z.object({
    id: z.number(),
    name: z.string(),
    ip_range: z.string(),
    labels: z.record(z.string(), z.string()),
    protection: z.object({ delete: z.boolean() }),
    expose_routes_to_vswitch: z.boolean().default(false),
  }),
});

function live({ network }: z.infer<typeof Network>) {
  return {
    id: String(network.id),
    outputs: {
      name: network.name,
      ipRange: network.ip_range,
      labels: network.labels,
      deleteProtection: network.protection.delete,
      exposeRoutesToVswitch: network.expose_routes_to_vswitch,
    },
  };
}

/** https://docs.hetzner.cloud/reference/cloud#networks */
export const network: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const made = await hetzner.post(
      "/networks",
      {
        name: inputs.name,
        ip_range: inputs.ipRange,
        labels: inputs.labels,
        expose_routes_to_vswitch: inputs.exposeRoutesToVswitch,
      },
      Network,
    );
    creation.created(String(made.network.id));
    const path = `/networks/${made.network.id}`;
    await protect(hetzner, path, made.network.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, Network));
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/networks/${known.id}`, Network);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const inputs = Inputs.parse(revision.inputs);
    const path = `/networks/${revision.id}`;
    const { network: now } = await hetzner.get(path, Network);
    await hetzner.put(path, {
      name: inputs.name,
      labels: inputs.labels,
      expose_routes_to_vswitch: inputs.exposeRoutesToVswitch,
    });
    await protect(hetzner, path, now.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, Network));
  },
  delete: (hetzner, known) => hetzner.remove(`/networks/${known.id}`),
};
