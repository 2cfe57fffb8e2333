import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { given } from "./parts.ts";
import { attach, Volume } from "./volume.ts";

const Inputs = z.object({ volumeId: z.number(), serverId: z.number(), automount: z.boolean().optional() });

async function find(hetzner: Hetzner, id: string, automount: unknown): Promise<Live | undefined> {
  const found = await hetzner.find(`/volumes/${id}`, Volume);
  if (!found?.volume.server) return undefined;
  return {
    id,
    outputs: given<number | boolean>({
      volumeId: found.volume.id,
      serverId: found.volume.server,
      automount: typeof automount === "boolean" ? automount : undefined,
    }),
  };
}

/** A volume is attached to one server at most, so the volume's id is the attachment's (https://docs.hetzner.cloud/reference/cloud#volume-actions). */
export const volumeAttachment: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const { volumeId, serverId, automount } = Inputs.parse(creation.inputs);
    await attach(hetzner, volumeId, serverId, automount);
    creation.created(String(volumeId));
    const made = await find(hetzner, String(volumeId), automount);
    if (!made) throw new Error(`volume ${volumeId} is not attached after it was`);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id, known.inputs.automount),
  // Only automount can change without a replacement, and it matters at the moment of attaching alone.
  async update(hetzner, revision) {
    const now = await find(hetzner, revision.id, revision.inputs.automount);
    if (!now) throw new Error(`volume ${revision.id} is no longer attached`);
    return now;
  },
  async delete(hetzner, known) {
    const found = await hetzner.find(`/volumes/${known.id}`, Volume);
    if (found?.volume.server) await hetzner.act(`/volumes/${known.id}/actions/detach`);
  },
};
