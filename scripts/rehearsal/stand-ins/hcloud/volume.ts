import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { Action, type Hetzner } from "./client.ts";
import { given, Labels, protect, Reference } from "./parts.ts";

const Inputs = z.object({
  name: z.string(),
  size: z.number(),
  location: z.string().optional(),
  serverId: z.number().optional(),
  automount: z.boolean().optional(),
  format: z.string().optional(),
  deleteProtection: z.boolean().default(false),
  labels: Labels,
});
export const Volume = z.object({
  volume: z.object({
    id: z.number(),
    name: z.string(),
    size: z.number(),
    server: Reference,
    location: z.object({ name: z.string() }),
    linux_device: z.string(),
    format: z.string().nullish(),
    labels: z.record(z.string(), z.string()),
    protection: z.object({ delete: z.boolean() }),
  }),
});
const Created = Volume.extend({ action: Action.nullish(), next_actions: z.array(Action).nullish() });

function live({ volume }: z.infer<typeof Volume>): Live {
  return {
    id: String(volume.id),
    outputs: given({
      name: volume.name,
      size: volume.size,
      location: volume.location.name,
      serverId: volume.server ?? 0,
      linuxDevice: volume.linux_device,
      format: volume.format,
      deleteProtection: volume.protection.delete,
      labels: volume.labels,
    }),
  };
}

/** Attaches a volume, after detaching it from where it is. */
export async function attach(
  hetzner: Hetzner,
  id: string | number,
  server: number,
  automount?: boolean,
): Promise<void> {
  const path = `/volumes/${id}`;
  const { volume } = await hetzner.get(path, Volume);
  if (volume.server === server) return;
  if (volume.server) await hetzner.act(`${path}/actions/detach`);
  await hetzner.act(`${path}/actions/attach`, given<number | boolean>({ server, automount }));
}

/** https://docs.hetzner.cloud/reference/cloud#volumes */
export const volume: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const made = await hetzner.post(
      "/volumes",
      given({
        name: inputs.name,
        size: inputs.size,
        location: inputs.location,
        server: inputs.serverId,
        automount: inputs.automount,
        format: inputs.format,
        labels: inputs.labels,
      }),
      Created,
    );
    const id = String(made.volume.id);
    creation.created(id);
    await hetzner.settle(made.action, ...(made.next_actions ?? []));
    await protect(hetzner, `/volumes/${id}`, made.volume.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(`/volumes/${id}`, Volume));
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/volumes/${known.id}`, Volume);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const inputs = Inputs.parse(revision.inputs);
    const path = `/volumes/${revision.id}`;
    const { volume: now } = await hetzner.get(path, Volume);
    await hetzner.put(path, { name: inputs.name, labels: inputs.labels });
    if (inputs.serverId !== undefined) {
      if (inputs.serverId !== 0) await attach(hetzner, revision.id, inputs.serverId, inputs.automount);
      else if (now.server) await hetzner.act(`${path}/actions/detach`);
    }
    // The API refuses to make a volume smaller, in its own words.
    if (inputs.size !== now.size) await hetzner.act(`${path}/actions/resize`, { size: inputs.size });
    await protect(hetzner, path, now.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, Volume));
  },
  async delete(hetzner, known) {
    const found = await hetzner.find(`/volumes/${known.id}`, Volume);
    if (found?.volume.server) await hetzner.act(`/volumes/${known.id}/actions/detach`);
    await hetzner.remove(`/volumes/${known.id}`);
  },
};
