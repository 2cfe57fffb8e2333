import { isIP } from "node:net";
import type { Hono } from "hono";
import { z } from "zod";
import { resourceActionRoutes } from "./action-routes.ts";
import { actionView, assertUnlocked, startAction } from "./actions.ts";
import { findLocation } from "./catalogue.ts";
import { holds, parseBlock } from "./cidr.ts";
import { HetznerError, invalidInput } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { PrimaryIpDocument, ServerDocument } from "./model.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  assertNotProtected,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Id, IdOrName, Name, Protection, pathId, readBody } from "./request.ts";
import { statusAt } from "./status.ts";

const Create = z.object({
  name: Name,
  type: z.enum(["ipv4", "ipv6"]),
  location: IdOrName.optional(),
  assignee_type: z.enum(["server", "unassigned"]).optional(),
  assignee_id: Id.nullish(),
  auto_delete: z.boolean().default(false),
  labels: Labels.default({}),
});

export function primaryIpRoutes(api: Hono, project: Project): void {
  resourceActionRoutes(api, project, "/primary_ips", "primary_ip");
  const find = (id: number) => requireDocument(project, "primaryIps", id);

  api.get("/primary_ips", (c) => {
    const ip = c.req.query("ip");
    const listed = project.primaryIps.list().filter((each) => ip === undefined || each.ip === ip);
    return listResponse(c, "primary_ips", listed, primaryIpView);
  });
  api.get("/primary_ips/:id", (c) => c.json({ primary_ip: primaryIpView(find(pathId(c))) }));

  api.post("/primary_ips", async (c) => {
    const body = await readBody(c, Create);
    const server = body.assignee_id ? requireDocument(project, "servers", body.assignee_id) : undefined;
    if (server && body.location !== undefined)
      throw invalidInput("location", "only one of assignee_id or location must be provided");
    const location = findLocation(server?.location ?? body.location ?? "");
    if (location === undefined) throw invalidInput("location", "location does not exist");
    if (server) assertCanAssign(project, server, body.type);
    const ip = createPrimaryIp(project, {
      name: body.name,
      type: body.type,
      location: location.name,
      autoDelete: body.auto_delete,
      labels: body.labels,
      assignee: null,
    });
    const action = startAction(project, {
      command: "create_primary_ip",
      resources: [{ id: ip.id, type: "primary_ip" }],
      ms: 0,
      ...(server ? { effect: { kind: "assign-ip" as const, ip: ip.id, server: server.id } } : {}),
    });
    return c.json({ primary_ip: primaryIpView(ip), action: actionView(project, action) }, 201);
  });

  api.put("/primary_ips/:id", async (c) => {
    const ip = find(pathId(c));
    const body = await readBody(
      c,
      z.object({ name: Name.optional(), labels: Labels.optional(), auto_delete: z.boolean().optional() }),
    );
    if (body.name !== undefined) assertNameIsFree(project, "primaryIps", body.name, ip.id);
    const updated = project.primaryIps.put(ip.id, {
      ...ip,
      name: body.name ?? ip.name,
      labels: body.labels ?? ip.labels,
      autoDelete: body.auto_delete ?? ip.autoDelete,
    });
    return c.json({ primary_ip: primaryIpView(updated) });
  });

  api.delete("/primary_ips/:id", (c) => {
    const ip = find(pathId(c));
    assertNotProtected("primaryIps", ip);
    assertUnlocked(project, "primary_ip", ip.id);
    if (ip.assignee !== null) assertStopped(project, requireDocument(project, "servers", ip.assignee));
    project.primaryIps.delete(ip.id);
    return c.body(null, 204);
  });

  api.post("/primary_ips/:id/actions/assign", async (c) => {
    const ip = find(pathId(c));
    const body = await readBody(c, z.object({ assignee_id: Id, assignee_type: z.literal("server") }));
    const server = requireDocument(project, "servers", body.assignee_id);
    if (ip.assignee !== null)
      throw new HetznerError("primary_ip_already_assigned", "primary IP is already assigned");
    assertUnlocked(project, "server", server.id);
    if (server.location !== ip.location)
      throw invalidInput("assignee_id", "server and primary IP must be in the same location");
    assertCanAssign(project, server, ip.type);
    const action = startAction(project, {
      command: "assign_primary_ip",
      resources: [
        { id: ip.id, type: "primary_ip" },
        { id: server.id, type: "server" },
      ],
      effect: { kind: "assign-ip", ip: ip.id, server: server.id },
    });
    return c.json({ action: actionView(project, action) }, 201);
  });

  api.post("/primary_ips/:id/actions/unassign", (c) => {
    const ip = find(pathId(c));
    if (ip.assignee === null)
      throw new HetznerError("service_error", "primary IP is not assigned to any resource");
    assertUnlocked(project, "server", ip.assignee);
    assertStopped(project, requireDocument(project, "servers", ip.assignee));
    const action = startAction(project, {
      command: "unassign_primary_ip",
      resources: [
        { id: ip.id, type: "primary_ip" },
        { id: ip.assignee, type: "server" },
      ],
      effect: { kind: "unassign-ip", ip: ip.id },
    });
    return c.json({ action: actionView(project, action) }, 201);
  });

  api.post("/primary_ips/:id/actions/change_protection", async (c) => {
    const ip = find(pathId(c));
    const body = await readBody(c, Protection);
    project.primaryIps.put(ip.id, { ...ip, protection: { delete: body.delete ?? ip.protection.delete } });
    return c.json({ action: atOnce(project, "change_protection", ip.id) }, 201);
  });

  api.post("/primary_ips/:id/actions/change_dns_ptr", async (c) => {
    const ip = find(pathId(c));
    const body = await readBody(c, DnsPtr);
    project.primaryIps.put(ip.id, withDnsPtr(ip, body.ip, body.dns_ptr));
    return c.json({ action: atOnce(project, "change_dns_ptr", ip.id) }, 201);
  });
}

export const DnsPtr = z.object({ ip: z.string(), dns_ptr: z.string().nullable() });

/** The address with a reverse DNS name; null brings Hetzner's own name back. */
export function withDnsPtr(ip: PrimaryIpDocument, address: string, name: string | null): PrimaryIpDocument {
  const range = parseBlock(ip.ip.includes("/") ? ip.ip : `${ip.ip}/32`);
  if (isIP(address) === 0 || !range || !holds(range, address))
    throw invalidInput("ip", "is not an address of this resource");
  const others = ip.dnsPtr.filter((each) => each.ip !== address);
  const own = name ?? (ip.type === "ipv4" ? defaultDnsPtr(address) : undefined);
  return { ...ip, dnsPtr: own === undefined ? others : [...others, { ip: address, dns_ptr: own }] };
}

/** Makes a Primary IP with an address that the world has not given before. */
export function createPrimaryIp(
  project: Project,
  wanted: Pick<PrimaryIpDocument, "name" | "type" | "location" | "autoDelete" | "labels" | "assignee">,
): PrimaryIpDocument {
  assertNameIsFree(project, "primaryIps", wanted.name);
  assertBelowLimit(project, "primaryIps");
  const ip = wanted.type === "ipv4" ? nextIpv4(project) : nextIpv6(project);
  const document: PrimaryIpDocument = {
    ...wanted,
    id: nextId(project, "primaryIps"),
    created: timestamp(project.now()),
    ip,
    protection: { delete: false },
    dnsPtr: wanted.type === "ipv4" ? [{ ip, dns_ptr: defaultDnsPtr(ip) }] : [],
  };
  return project.primaryIps.put(document.id, document);
}

/** Addresses of RFC 5737 first, then of RFC 2544's test range: none of them is anybody's. */
function nextIpv4(project: Project): string {
  const n = project.store.next("ipv4", 0);
  if (n < 254) return `203.0.113.${n + 1}`;
  if (n < 508) return `198.51.100.${n - 253}`;
  return `198.18.${((n - 508) >> 8) & 255}.${(n - 508) & 255}`;
}

/** A /64 of RFC 3849's documentation prefix. */
function nextIpv6(project: Project): string {
  return `2001:db8:${project.store.next("ipv6", 1).toString(16)}::/64`;
}

function defaultDnsPtr(ip: string): string {
  return `static.${ip.split(".").reverse().join(".")}.clients.your-server.de`;
}

function assertCanAssign(project: Project, server: ServerDocument, type: "ipv4" | "ipv6"): void {
  if (project.primaryIps.list().some((ip) => ip.assignee === server.id && ip.type === type))
    throw new HetznerError(`server_has_${type}`, `server already has an ${type} address`);
  assertStopped(project, server);
}

/** A server's addresses can only be changed while it is off. */
function assertStopped(project: Project, server: ServerDocument): void {
  if (statusAt(server, project.now()) !== "off")
    throw new HetznerError("server_not_stopped", "server must be powered off");
}

function atOnce(project: Project, command: string, id: number) {
  return actionView(
    project,
    startAction(project, { command, resources: [{ id, type: "primary_ip" }], ms: 0, locks: false }),
  );
}

function primaryIpView(ip: PrimaryIpDocument) {
  return {
    id: ip.id,
    name: ip.name,
    created: ip.created,
    ip: ip.ip,
    type: ip.type,
    labels: ip.labels,
    location: findLocation(ip.location),
    assignee_id: ip.assignee,
    // Since 1 August 2026 an address without assignee says so.
    assignee_type: ip.assignee === null ? "unassigned" : "server",
    auto_delete: ip.autoDelete,
    blocked: false,
    protection: ip.protection,
    dns_ptr: ip.dnsPtr,
  };
}
