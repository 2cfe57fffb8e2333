import { z } from "zod";
import type { Known, Live, ResourceKind } from "../provider/resource.ts";
import { Action, type Hetzner } from "./client.ts";
import { given } from "./parts.ts";
import { AFTER_CREATE, ON_UPDATE } from "./server-changes.ts";
import { ServerInputs } from "./server-inputs.ts";
import { Server, serverOutputs } from "./server-view.ts";

const Created = z.object({
  server: z.object({ id: z.number() }),
  action: Action,
  next_actions: z.array(Action).nullish(),
});

async function find(hetzner: Hetzner, known: Known): Promise<Live | undefined> {
  const found = await hetzner.find(`/servers/${known.id}`, Server);
  return found && serverOutputs(found.server, known);
}

async function must(hetzner: Hetzner, known: Known): Promise<Live> {
  const found = await find(hetzner, known);
  if (!found) throw new Error(`server ${known.id} is gone`);
  return found;
}

function createBody(inputs: ServerInputs): object {
  const net = inputs.publicNets;
  const reachable = !net || net.ipv4Enabled || net.ipv6Enabled;
  return given<unknown>({
    name: inputs.name,
    server_type: inputs.serverType,
    image: inputs.image,
    location: inputs.location,
    user_data: inputs.userData,
    ssh_keys: inputs.sshKeys,
    labels: inputs.labels,
    firewalls: (inputs.firewallIds ?? []).map((firewall) => ({ firewall })),
    placement_group: inputs.placementGroupId,
    public_net:
      net &&
      given<boolean | number>({
        enable_ipv4: net.ipv4Enabled || net.ipv4 !== undefined,
        enable_ipv6: net.ipv6Enabled || net.ipv6 !== undefined,
        ipv4: net.ipv4,
        ipv6: net.ipv6,
      }),
    // A server without a public address can only start once it is in a network; the API wants that network here.
    networks: reachable ? undefined : inputs.networks?.map((each) => each.network),
  });
}

/** https://docs.hetzner.cloud/reference/cloud#servers */
export const server: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = ServerInputs.parse(creation.inputs);
    const made = await hetzner.post("/servers", createBody(inputs), Created);
    const id = String(made.server.id);
    creation.created(id);
    await hetzner.settle(made.action, ...(made.next_actions ?? []));
    for (const change of AFTER_CREATE) {
      await change(hetzner, (await hetzner.get(`/servers/${id}`, Server)).server, inputs);
    }
    return must(hetzner, { id, inputs: creation.inputs, outputs: {} });
  },
  read: find,
  async update(hetzner, revision) {
    const inputs = ServerInputs.parse(revision.inputs);
    for (const change of ON_UPDATE) {
      await change(hetzner, (await hetzner.get(`/servers/${revision.id}`, Server)).server, inputs);
    }
    return must(hetzner, { ...revision.known, inputs: revision.inputs });
  },
  async delete(hetzner, known) {
    const found = await hetzner.find(`/servers/${known.id}`, Server);
    if (!found) return;
    if (known.inputs.shutdownBeforeDeletion === true && found.server.status === "running") {
      await hetzner.act(`/servers/${known.id}/actions/shutdown`);
    }
    await hetzner.remove(`/servers/${known.id}`);
  },
};
