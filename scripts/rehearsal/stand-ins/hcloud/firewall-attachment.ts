import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";
import { applyTo, Firewall, selectorTarget, serverTarget, type Target, targetsOf } from "./firewall.ts";

const Inputs = z.object({
  firewallId: z.number(),
  serverIds: z.array(z.number()).default([]),
  labelSelectors: z.array(z.string()).default([]),
});

function targets({ serverIds, labelSelectors }: z.infer<typeof Inputs>): Target[] {
  return [...serverIds.map(serverTarget), ...labelSelectors.map(selectorTarget)];
}

async function find(hetzner: Hetzner, id: string): Promise<Live | undefined> {
  const found = await hetzner.find(`/firewalls/${id}`, Firewall);
  if (!found) return undefined;
  const now = targetsOf(found);
  return {
    id,
    outputs: {
      firewallId: found.firewall.id,
      serverIds: now.flatMap((each) => (each.type === "server" ? [each.server.id] : [])),
      labelSelectors: now.flatMap((each) =>
        each.type === "label_selector" ? [each.label_selector.selector] : [],
      ),
    },
  };
}

async function sync(hetzner: Hetzner, id: string, wanted: Target[]): Promise<Live> {
  await applyTo(hetzner, id, wanted);
  const now = await find(hetzner, id);
  if (!now) throw new Error(`firewall ${id} is gone`);
  return now;
}

/** All that one firewall is applied to (https://docs.hetzner.cloud/reference/cloud#firewall-actions). */
export const firewallAttachment: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const id = String(inputs.firewallId);
    const made = await sync(hetzner, id, targets(inputs));
    creation.created(id);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id),
  update: (hetzner, revision) => sync(hetzner, revision.id, targets(Inputs.parse(revision.inputs))),
  async delete(hetzner, known) {
    if (await find(hetzner, known.id)) await applyTo(hetzner, known.id, []);
  },
};
