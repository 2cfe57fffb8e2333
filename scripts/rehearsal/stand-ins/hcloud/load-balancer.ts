import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import { Action, type Hetzner } from "./client.ts";
import { given, Labels, protect } from "./parts.ts";

const TargetInput = z.object({
  type: z.string(),
  serverId: z.number().optional(),
  usePrivateIp: z.boolean().default(false),
});
const Inputs = z.object({
  name: z.string(),
  loadBalancerType: z.string(),
  location: z.string().optional(),
  networkZone: z.string().optional(),
  algorithm: z.object({ type: z.string().optional() }).optional(),
  targets: z.array(TargetInput).optional(),
  deleteProtection: z.boolean().default(false),
  labels: Labels,
});
const LoadBalancer = z.object({
  load_balancer: z.object({
    id: z.number(),
    name: z.string(),
    load_balancer_type: z.object({ name: z.string() }),
    location: z.object({ name: z.string(), network_zone: z.string() }),
    algorithm: z.object({ type: z.string() }),
    public_net: z.object({ ipv4: z.object({ ip: z.string() }), ipv6: z.object({ ip: z.string() }) }),
    private_net: z.array(z.object({ network: z.number(), ip: z.string() })),
    targets: z.array(
      z.object({
        type: z.string(),
        server: z.object({ id: z.number() }).nullish(),
        use_private_ip: z.boolean().nullish(),
      }),
    ),
    labels: z.record(z.string(), z.string()),
    protection: z.object({ delete: z.boolean() }),
  }),
});
const Created = LoadBalancer.extend({ action: Action.nullish() });

function live({ load_balancer: it }: z.infer<typeof LoadBalancer>): Live {
  return {
    id: String(it.id),
    outputs: given({
      name: it.name,
      loadBalancerType: it.load_balancer_type.name,
      location: it.location.name,
      networkZone: it.location.network_zone,
      algorithm: it.algorithm,
      ipv4: it.public_net.ipv4.ip,
      ipv6: it.public_net.ipv6.ip,
      networkId: it.private_net[0]?.network ?? 0,
      networkIp: it.private_net[0]?.ip ?? "",
      targets: it.targets.map((target) =>
        given<string | number | boolean>({
          type: target.type,
          serverId: target.server?.id,
          usePrivateIp: target.use_private_ip ?? false,
        }),
      ),
      deleteProtection: it.protection.delete,
      labels: it.labels,
    }),
  };
}

/** https://docs.hetzner.cloud/reference/cloud#load-balancers; of its targets, those that are servers. */
export const loadBalancer: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const made = await hetzner.post(
      "/load_balancers",
      given({
        name: inputs.name,
        load_balancer_type: inputs.loadBalancerType,
        location: inputs.location,
        network_zone: inputs.networkZone,
        algorithm: inputs.algorithm,
        labels: inputs.labels,
        targets: inputs.targets?.map((target) => ({
          type: target.type,
          server: { id: target.serverId },
          use_private_ip: target.usePrivateIp,
        })),
      }),
      Created,
    );
    const path = `/load_balancers/${made.load_balancer.id}`;
    creation.created(String(made.load_balancer.id));
    await hetzner.settle(made.action);
    await protect(hetzner, path, made.load_balancer.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, LoadBalancer));
  },
  async read(hetzner, known) {
    const found = await hetzner.find(`/load_balancers/${known.id}`, LoadBalancer);
    return found && live(found);
  },
  async update(hetzner, revision) {
    const inputs = Inputs.parse(revision.inputs);
    const path = `/load_balancers/${revision.id}`;
    const { load_balancer: now } = await hetzner.get(path, LoadBalancer);
    await hetzner.put(path, { name: inputs.name, labels: inputs.labels });
    if (inputs.loadBalancerType !== now.load_balancer_type.name) {
      await hetzner.act(`${path}/actions/change_type`, { load_balancer_type: inputs.loadBalancerType });
    }
    const algorithm = inputs.algorithm?.type ?? now.algorithm.type;
    if (algorithm !== now.algorithm.type) {
      await hetzner.act(`${path}/actions/change_algorithm`, { type: algorithm });
    }
    const wanted = inputs.targets?.flatMap((target) => target.serverId ?? []);
    const present = now.targets.flatMap((target) => target.server?.id ?? []);
    for (const id of present.filter((each) => wanted && !wanted.includes(each))) {
      await hetzner.act(`${path}/actions/remove_target`, { type: "server", server: { id } });
    }
    for (const target of inputs.targets ?? []) {
      if (target.serverId === undefined || present.includes(target.serverId)) continue;
      await hetzner.act(`${path}/actions/add_target`, {
        type: "server",
        server: { id: target.serverId },
        use_private_ip: target.usePrivateIp,
      });
    }
    await protect(hetzner, path, now.protection, { delete: inputs.deleteProtection });
    return live(await hetzner.get(path, LoadBalancer));
  },
  delete: (hetzner, known) => hetzner.remove(`/load_balancers/${known.id}`),
};
