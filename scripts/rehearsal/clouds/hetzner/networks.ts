import type { Hono } from "hono";
import { z } from "zod";
import { resourceActionRoutes } from "./action-routes.ts";
import { actionView, assertUnlocked, startAction } from "./actions.ts";
import { findLocation, locations } from "./catalogue.ts";
import { type Block, contains, holds, ipv4FromNumber, overlaps, parseBlock, sizeOf } from "./cidr.ts";
import { HetznerError, invalidInput } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { NetworkDocument, ServerDocument } from "./model.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  assertNotProtected,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Name, Protection, pathId, readBody } from "./request.ts";

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((range) => block("ip_range", range));
/** The addresses that Hetzner keeps for itself in every network (https://docs.hetzner.cloud/reference/cloud#networks). */
const RESERVED = "172.31.1.1";

const Subnet = z.object({
  type: z.enum(["cloud", "server", "vswitch"]),
  ip_range: z.string().optional(),
  network_zone: z.string(),
  vswitch_id: z.number().int().nullish(),
});
const Route = z.object({ destination: z.string(), gateway: z.ipv4() });
const Create = z.object({
  name: Name,
  ip_range: z.string(),
  labels: Labels.default({}),
  subnets: z.array(Subnet).default([]),
  routes: z.array(Route).default([]),
  expose_routes_to_vswitch: z.boolean().default(false),
});
const Update = z.object({
  name: Name.optional(),
  labels: Labels.optional(),
  expose_routes_to_vswitch: z.boolean().optional(),
});

export function networkRoutes(api: Hono, project: Project): void {
  resourceActionRoutes(api, project, "/networks", "network");
  const find = (id: number) => requireDocument(project, "networks", id);
  const act = (network: NetworkDocument, command: string) =>
    actionView(project, startAction(project, { command, resources: [{ id: network.id, type: "network" }] }));

  api.get("/networks", (c) =>
    listResponse(c, "networks", project.networks.list(), (each) => networkView(project, each)),
  );
  api.get("/networks/:id", (c) => c.json({ network: networkView(project, find(pathId(c))) }));

  api.post("/networks", async (c) => {
    const body = await readBody(c, Create);
    assertNameIsFree(project, "networks", body.name);
    assertBelowLimit(project, "networks");
    const range = block("ip_range", body.ip_range);
    if (range.prefix > 24) throw invalidInput("ip_range", "must be at least of size /24");
    if (!PRIVATE.some((each) => contains(each, range)))
      throw invalidInput("ip_range", "must be within the private address ranges of RFC 1918");
    let network: NetworkDocument = {
      id: nextId(project, "networks"),
      name: body.name,
      created: timestamp(project.now()),
      labels: body.labels,
      ipRange: body.ip_range,
      subnets: [],
      routes: [],
      protection: { delete: false },
      exposeRoutesToVswitch: body.expose_routes_to_vswitch,
    };
    for (const subnet of body.subnets) network = withSubnet(network, subnet);
    for (const route of body.routes) network = withRoute(network, route);
    project.networks.put(network.id, network);
    return c.json({ network: networkView(project, network) }, 201);
  });

  api.put("/networks/:id", async (c) => {
    const network = find(pathId(c));
    const body = await readBody(c, Update);
    if (body.name !== undefined) assertNameIsFree(project, "networks", body.name, network.id);
    const updated = project.networks.put(network.id, {
      ...network,
      name: body.name ?? network.name,
      labels: body.labels ?? network.labels,
      exposeRoutesToVswitch: body.expose_routes_to_vswitch ?? network.exposeRoutesToVswitch,
    });
    return c.json({ network: networkView(project, updated) });
  });

  api.delete("/networks/:id", (c) => {
    const network = find(pathId(c));
    assertNotProtected("networks", network);
    assertUnlocked(project, "network", network.id);
    // Servers are detached, not in the way.
    for (const server of project.servers.list())
      project.servers.put(server.id, {
        ...server,
        networks: server.networks.filter((each) => each.network !== network.id),
      });
    project.networks.delete(network.id);
    return c.body(null, 204);
  });

  api.post("/networks/:id/actions/add_subnet", async (c) => {
    const network = find(pathId(c));
    const body = await readBody(c, Subnet);
    assertUnlocked(project, "network", network.id);
    project.networks.put(network.id, withSubnet(network, body));
    return c.json({ action: act(network, "add_subnet") }, 201);
  });

  api.post("/networks/:id/actions/delete_subnet", async (c) => {
    const network = find(pathId(c));
    const { ip_range } = await readBody(c, z.object({ ip_range: z.string() }));
    assertUnlocked(project, "network", network.id);
    if (!network.subnets.some((each) => each.ip_range === ip_range))
      throw new HetznerError("not_found", `subnet with ip_range '${ip_range}' not found`);
    const range = block("ip_range", ip_range);
    if (attachments(project, network.id).some(({ ip }) => holds(range, ip)))
      throw new HetznerError("service_error", "cannot remove subnet because servers are attached to it");
    project.networks.put(network.id, {
      ...network,
      subnets: network.subnets.filter((each) => each.ip_range !== ip_range),
    });
    return c.json({ action: act(network, "delete_subnet") }, 201);
  });

  api.post("/networks/:id/actions/add_route", async (c) => {
    const network = find(pathId(c));
    const body = await readBody(c, Route);
    assertUnlocked(project, "network", network.id);
    project.networks.put(network.id, withRoute(network, body));
    return c.json({ action: act(network, "add_route") }, 201);
  });

  api.post("/networks/:id/actions/delete_route", async (c) => {
    const network = find(pathId(c));
    const body = await readBody(c, Route);
    assertUnlocked(project, "network", network.id);
    const kept = network.routes.filter(
      (each) => each.destination !== body.destination || each.gateway !== body.gateway,
    );
    if (kept.length === network.routes.length) throw new HetznerError("not_found", "route not found");
    project.networks.put(network.id, { ...network, routes: kept });
    return c.json({ action: act(network, "delete_route") }, 201);
  });

  api.post("/networks/:id/actions/change_ip_range", async (c) => {
    const network = find(pathId(c));
    const { ip_range } = await readBody(c, z.object({ ip_range: z.string() }));
    assertUnlocked(project, "network", network.id);
    const range = block("ip_range", ip_range);
    if (!contains(range, block("ip_range", network.ipRange)))
      throw invalidInput("ip_range", "can only be extended and must contain the current range");
    project.networks.put(network.id, { ...network, ipRange: ip_range });
    return c.json({ action: act(network, "change_ip_range") }, 201);
  });

  api.post("/networks/:id/actions/change_protection", async (c) => {
    const network = find(pathId(c));
    const body = await readBody(c, Protection);
    project.networks.put(network.id, {
      ...network,
      protection: { delete: body.delete ?? network.protection.delete },
    });
    return c.json({ action: act(network, "change_protection") }, 201);
  });
}

export function networkView(project: Project, network: NetworkDocument) {
  return {
    id: network.id,
    name: network.name,
    created: network.created,
    ip_range: network.ipRange,
    subnets: network.subnets,
    routes: network.routes,
    servers: project.servers
      .list()
      .filter((server) => server.networks.some((each) => each.network === network.id))
      .map((server) => server.id),
    load_balancers: [],
    protection: network.protection,
    labels: network.labels,
    expose_routes_to_vswitch: network.exposeRoutesToVswitch,
  };
}

/**
 * The server with an address in the network: the asked one, or the first free one of a subnet in the server's own zone.
 *
 * @throws HetznerError `no_subnet_available`, `ip_not_available`, `server_already_attached`, `networks_overlap`
 */
export function withNetwork(
  project: Project,
  server: ServerDocument,
  networkId: number,
  wanted: { ip?: string; aliasIps?: string[]; ipRange?: string } = {},
): ServerDocument {
  const network = requireDocument(project, "networks", networkId);
  if (server.networks.some((each) => each.network === networkId))
    throw new HetznerError("server_already_attached", "server is already attached to this network");
  const range = block("ip_range", network.ipRange);
  for (const other of server.networks) {
    const otherRange = parseBlock(requireDocument(project, "networks", other.network).ipRange);
    if (otherRange && overlaps(range, otherRange))
      throw new HetznerError("networks_overlap", "IP range overlaps with one of the server networks");
  }
  const zone = findLocation(server.location)?.network_zone;
  const subnets = network.subnets
    .filter((subnet) => subnet.network_zone === zone)
    .filter((subnet) => wanted.ipRange === undefined || subnet.ip_range === wanted.ipRange)
    .map((subnet) => block("ip_range", subnet.ip_range));
  if (subnets.length === 0)
    throw new HetznerError(
      "no_subnet_available",
      "no subnet or IP available in the network zone of the server",
    );
  const taken = new Set([
    RESERVED,
    ...network.subnets.map((subnet) => subnet.gateway),
    ...attachments(project, networkId).flatMap(({ ip, aliasIps }) => [ip, ...aliasIps]),
  ]);
  const asked = [...(wanted.ip ? [wanted.ip] : []), ...(wanted.aliasIps ?? [])];
  for (const ip of asked)
    if (taken.has(ip) || !subnets.some((subnet) => holds(subnet, ip) && !isEdge(subnet, ip)))
      throw new HetznerError("ip_not_available", `IP ${ip} is not available`);
  const ip =
    wanted.ip ?? subnets.map((subnet) => firstFree(subnet, taken)).find((each) => each !== undefined);
  if (ip === undefined) throw new HetznerError("no_subnet_available", "no IP available");
  const macAddress = `86:00:00:${[16, 8, 0].map((shift) => ((server.id >> shift) & 255).toString(16).padStart(2, "0")).join(":")}`;
  return {
    ...server,
    networks: [...server.networks, { network: networkId, ip, aliasIps: wanted.aliasIps ?? [], macAddress }],
  };
}

function attachments(project: Project, networkId: number): { ip: string; aliasIps: string[] }[] {
  return project.servers
    .list()
    .flatMap((server) => server.networks.filter((each) => each.network === networkId));
}

function isEdge(subnet: Block, ip: string): boolean {
  return ip === ipv4FromNumber(subnet.base) || ip === ipv4FromNumber(subnet.base + sizeOf(subnet) - 1n);
}

function firstFree(subnet: Block, taken: Set<string>): string | undefined {
  for (let offset = 1n; offset < sizeOf(subnet) - 1n; offset += 1n) {
    const ip = ipv4FromNumber(subnet.base + offset);
    if (!taken.has(ip)) return ip;
  }
  return undefined;
}

function withSubnet(network: NetworkDocument, subnet: z.output<typeof Subnet>): NetworkDocument {
  if (!locations.some((location) => location.network_zone === subnet.network_zone))
    throw invalidInput("network_zone", `network zone '${subnet.network_zone}' does not exist`);
  // https://docs.hetzner.com/cloud/networks/faq: all subnets of a network are in one zone. The error's words are not known.
  if (network.subnets.some((each) => each.network_zone !== subnet.network_zone))
    throw invalidInput("network_zone", "must be the zone of the network's other subnets");
  const whole = block("ip_range", network.ipRange);
  const ipRange = subnet.ip_range ?? freeSubnet(whole, network);
  const range = block("ip_range", ipRange);
  if (range.prefix > 30) throw invalidInput("ip_range", "must be at least of size /30");
  if (!contains(whole, range)) throw invalidInput("ip_range", "must be within the network's ip_range");
  if (network.subnets.some((each) => overlaps(block("ip_range", each.ip_range), range)))
    throw invalidInput("ip_range", "overlaps with another subnet of the network");
  return {
    ...network,
    subnets: [
      ...network.subnets,
      {
        type: subnet.type,
        ip_range: ipRange,
        network_zone: subnet.network_zone,
        gateway: ipv4FromNumber(whole.base + 1n),
        vswitch_id: subnet.vswitch_id ?? null,
      },
    ],
  };
}

/** The first free /24 of the network. */
function freeSubnet(whole: Block, network: NetworkDocument): string {
  for (let base = whole.base; base < whole.base + sizeOf(whole); base += 256n) {
    const candidate: Block = { version: 4, base, prefix: 24 };
    if (!network.subnets.some((each) => overlaps(block("ip_range", each.ip_range), candidate)))
      return `${ipv4FromNumber(base)}/24`;
  }
  throw new HetznerError("no_subnet_available", "no subnet available in the network");
}

function withRoute(network: NetworkDocument, route: z.output<typeof Route>): NetworkDocument {
  block("destination", route.destination);
  if (!holds(block("ip_range", network.ipRange), route.gateway))
    throw invalidInput("gateway", "must be within the network's ip_range");
  if (network.routes.some((each) => each.destination === route.destination))
    throw invalidInput("destination", "overlaps with another route");
  return { ...network, routes: [...network.routes, route] };
}

function block(field: string, text: string): Block {
  const parsed = parseBlock(text);
  if (parsed === undefined || parsed.version !== 4) throw invalidInput(field, "is not a valid CIDR notation");
  return parsed;
}
