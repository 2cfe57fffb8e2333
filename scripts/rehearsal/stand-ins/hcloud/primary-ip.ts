import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { Action, type Hetzner } from "./client.ts";
import { given, Labels, Located, protect } from "./parts.ts";

const Inputs = z.object({
  name: z.string(),
  type: z.enum(["ipv4", "ipv6"]),
  location: z.string().optional(),
  assigneeId: z.number().optional(),
  assigneeType: z.string().default("server"),
  autoDelete: z.boolean().default(false),
  deleteProtection: z.boolean().default(false),
  labels: Labels,
});
const PrimaryIp = z.object({
  primary_ip: Located.extend({
    id: z.number(),
    name: z.string(),
    type: z.string(),
    ip: z.string(),
    assignee_id: z.number().nullable(),
    assignee_type: z.string(),
    auto_delete: z.boolean(),
    labels: z.record(z.string(), z.string()),
    protection: z.object({ delete: z.boolean() }),
  }),
});
const Created = PrimaryIp.extend({ action: Action.nullish() });

function live({ primary_ip: ip }: z.infer<typeof PrimaryIp>): Live {
  return {
    id: String(ip.id),
    outputs: given({
      name: ip.name,
      type: ip.type,
      // An IPv6 Primary IP is a /64 block; its address is the block's first.
      ipAddress: ip.ip.split("/")[0],
      ipNetwork: ip.type === "ipv6" ? ip.ip : "",
      location: ip.location?.name ?? ip.datacenter?.location.name,
      datacenter: ip.datacenter?.name,
      assigneeId: ip.assignee_id ?? 0,
      assigneeType: ip.assignee_type,
      autoDelete: ip.auto_delete,
      deleteProtection: ip.protection.delete,
      labels: ip.labels,
    }),
  };
}

/** https://docs.hetzner.cloud/reference/cloud#primary-ips */
export const primaryIp: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const made = await hetzner.post(
      "/primary_ips",
      given({
        name: inputs.name,
        type: inputs.type,
        location: inputs.location,
        assignee_id: inputs.assigneeId,
        assignee_type: inputs.assigneeType,
        auto_delete: inputs.autoDelete,
        labels: inputs.labels,
      }),
      Created,
    );
    creation.created(String(made.primary_ip.id));
    await hetzner.settle(made.action);
    const path = `/primary_ips/${made.primary_ip.id}`;
    await protect(hetzner, path, made.primary_ip.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, PrimaryIp));
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/primary_ips/${known.id}`, PrimaryIp);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const inputs = Inputs.parse(revision.inputs);
    const path = `/primary_ips/${revision.id}`;
    const { primary_ip: now } = await hetzner.get(path, PrimaryIp);
    await protect(hetzner, path, now.protection, { delete: inputs.deleteProtection });
    if (inputs.assigneeId !== undefined && inputs.assigneeId !== (now.assignee_id ?? 0)) {
      if (now.assignee_id) await hetzner.act(`${path}/actions/unassign`);
      if (inputs.assigneeId !== 0) {
        await hetzner.act(`${path}/actions/assign`, {
          assignee_id: inputs.assigneeId,
          assignee_type: inputs.assigneeType,
        });
      }
    }
    await hetzner.put(path, { name: inputs.name, labels: inputs.labels, auto_delete: inputs.autoDelete });
    return live(await hetzner.get(path, PrimaryIp));
  },
  // The server that it is assigned to may be on its way out; until then the API refuses.
  delete: (hetzner, known) =>
    hetzner.remove(`/primary_ips/${known.id}`, ["resource_in_use", "primary_ip_assigned"]),
};
