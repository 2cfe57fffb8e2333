import { z } from "zod";
import type { Live, ResourceKind } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";

/** The kinds of resource that have reverse names: the id's prefix, the input, and the API's collection. */
const OWNERS = [
  { prefix: "s", input: "serverId", collection: "servers", key: "server" },
  { prefix: "p", input: "primaryIpId", collection: "primary_ips", key: "primary_ip" },
  { prefix: "f", input: "floatingIpId", collection: "floating_ips", key: "floating_ip" },
  { prefix: "l", input: "loadBalancerId", collection: "load_balancers", key: "load_balancer" },
] as const;

const Inputs = z.object({
  dnsPtr: z.string(),
  ipAddress: z.string(),
  serverId: z.number().optional(),
  primaryIpId: z.number().optional(),
  floatingIpId: z.number().optional(),
  loadBalancerId: z.number().optional(),
});
const Pointers = z.array(z.object({ ip: z.string(), dns_ptr: z.string() }));
const OnServer = z.object({
  public_net: z.object({
    ipv4: z.object({ ip: z.string(), dns_ptr: z.string() }).nullish(),
    ipv6: z.object({ dns_ptr: Pointers }).nullish(),
  }),
});
const OnAddress = z.object({ dns_ptr: Pointers });

function parseId(id: string) {
  const [prefix, owner, ...rest] = id.split("-");
  const kind = OWNERS.find((each) => each.prefix === prefix);
  if (!kind || !owner)
    throw new Error(`"${id}" is no id of a reverse name; it should look like s-123-192.0.2.1`);
  return { kind, owner: Number(owner), ip: rest.join("-") };
}

async function find(hetzner: Hetzner, id: string): Promise<Live | undefined> {
  const { kind, owner, ip } = parseId(id);
  const found = await hetzner.find(`/${kind.collection}/${owner}`, z.record(z.string(), z.unknown()));
  if (!found) return undefined;
  const body = found[kind.key];
  const server = OnServer.safeParse(body);
  const pointers = server.success
    ? [
        ...(server.data.public_net.ipv4 ? [server.data.public_net.ipv4] : []),
        ...(server.data.public_net.ipv6?.dns_ptr ?? []),
      ]
    : OnAddress.parse(body).dns_ptr;
  const pointer = pointers.find((each) => each.ip === ip);
  return pointer && { id, outputs: { dnsPtr: pointer.dns_ptr, ipAddress: ip, [kind.input]: owner } };
}

async function set(hetzner: Hetzner, id: string, dnsPtr: string | null): Promise<void> {
  const { kind, owner, ip } = parseId(id);
  await hetzner.act(`/${kind.collection}/${owner}/actions/change_dns_ptr`, { ip, dns_ptr: dnsPtr });
}

async function setAndFind(hetzner: Hetzner, id: string, dnsPtr: string): Promise<Live> {
  await set(hetzner, id, dnsPtr);
  const now = await find(hetzner, id);
  if (!now) throw new Error(`${id} has no reverse name after it was set`);
  return now;
}

/** https://docs.hetzner.cloud/reference/cloud#server-actions-change-reverse-dns-entry-for-this-server */
export const rdns: ResourceKind<Hetzner> = {
  async create(hetzner, creation) {
    const inputs = Inputs.parse(creation.inputs);
    const kind = OWNERS.find((each) => inputs[each.input] !== undefined);
    if (!kind) throw new Error("it belongs to nothing");
    const id = `${kind.prefix}-${inputs[kind.input]}-${inputs.ipAddress}`;
    const made = await setAndFind(hetzner, id, inputs.dnsPtr);
    creation.created(id);
    return made;
  },
  read: (hetzner, known) => find(hetzner, known.id),
  update: (hetzner, revision) => setAndFind(hetzner, revision.id, Inputs.parse(revision.inputs).dnsPtr),
  async delete(hetzner, known) {
    if (await find(hetzner, known.id)) await set(hetzner, known.id, null);
  },
};
