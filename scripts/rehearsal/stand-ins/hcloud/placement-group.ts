import { z } from "zod";
import type { ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { Labels } from "./parts.ts";

const Inputs = z.object({ name: z.string(), type: z.string(), labels: Labels });
const PlacementGroup = z.object({
  placement_group: z.object({
    id: z.number(),
    name: z.string(),
    type: z.string(),
    labels: z.record(z.string(), z.string()),
    servers: z.array(z.number()),
  }),
});

function live({ placement_group: { id, ...outputs } }: z.infer<typeof PlacementGroup>) {
  return { id: String(id), outputs };
}

/** https://docs.hetzner.cloud/reference/cloud#placement-groups */
export const placementGroup: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const { name, type, labels } = Inputs.parse(creation.inputs);
    const made = await hetzner.post("/placement_groups", { name, type, labels }, PlacementGroup);
    creation.created(String(made.placement_group.id));
    return live(made);
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/placement_groups/${known.id}`, PlacementGroup);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const { name, labels } = Inputs.parse(revision.inputs);
    const path = `/placement_groups/${revision.id}`;
    await hetzner.put(path, { name, labels });
    return live(await hetzner.get(path, PlacementGroup));
  },
  delete: (hetzner, known) => hetzner.remove(`/placement_groups/${known.id}`, ["resource_in_use"]),
};
