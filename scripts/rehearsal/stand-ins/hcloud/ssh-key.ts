import { z } from "zod";
import type { ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { Labels } from "./parts.ts";

const Inputs = z.object({ name: z.string(), publicKey: z.string(), labels: Labels });
const SshKey = z.object({
  ssh_key: z.object({
    id: z.number(),
    name: z.string(),
    fingerprint: z.string(),
    public_key: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
});

function live({ ssh_key: { id, public_key, ...rest } }: z.infer<typeof SshKey>, asked: unknown) {
  // The API gives the key back without the line's end.
  const same = typeof asked === "string" && asked.trim() === public_key.trim();
  return { id: String(id), outputs: { ...rest, publicKey: same ? asked : public_key } };
}

/** https://docs.hetzner.cloud/reference/cloud#ssh-keys */
export const sshKey: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const { name, publicKey, labels } = Inputs.parse(creation.inputs);
    const made = await hetzner.post("/ssh_keys", { name, public_key: publicKey, labels }, SshKey);
    creation.created(String(made.ssh_key.id));
    return live(made, publicKey);
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/ssh_keys/${known.id}`, SshKey);
    return found && live(found, known.inputs.publicKey);
  },
  async update(hetzner, revision) {
    const { name, labels } = Inputs.parse(revision.inputs);
    const path = `/ssh_keys/${revision.id}`;
    await hetzner.put(path, { name, labels });
    return live(await hetzner.get(path, SshKey), revision.inputs.publicKey);
  },
  delete: (hetzner, known) => hetzner.remove(`/ssh_keys/${known.id}`),
};
