import { randomBytes } from "node:crypto";
import type { Context, Hono } from "hono";
import { z } from "zod";
import { slowActionMs } from "../base/faults.ts";
import { resourceActionRoutes } from "./action-routes.ts";
import { actionView, assertUnlocked, startAction } from "./actions.ts";
import { findImage, findServerType } from "./catalogue.ts";
import { HetznerError, invalidInput } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { Effect, ResourceType, ServerDocument } from "./model.ts";
import { withNetwork } from "./networks.ts";
import { assertHasRoom } from "./placement-groups.ts";
import { DnsPtr, withDnsPtr } from "./primary-ips.ts";
import { assertNameIsFree, assertNotProtected, type Project, requireDocument } from "./project.ts";
import { Id, IdOrName, pathId, readBody } from "./request.ts";
import { CreateServer, createServer, HostName, placeFor, requireType, UserData } from "./server-create.ts";
import { serverView } from "./server-view.ts";
import { setStatus, statusAt } from "./status.ts";

export function serverRoutes(api: Hono, project: Project): void {
  resourceActionRoutes(api, project, "/servers", "server");
  const find = (id: number) => requireDocument(project, "servers", id);
  /** A server that no other action holds. */
  const free = (id: number) => {
    const server = find(id);
    assertUnlocked(project, "server", server.id);
    return server;
  };
  const act = (
    context: Context,
    server: ServerDocument,
    command: string,
    more: { also?: { id: number; type: ResourceType }[]; effect?: Effect; ms?: number; locks?: boolean } = {},
  ) =>
    actionView(
      project,
      startAction(project, {
        command,
        resources: [{ id: server.id, type: "server" }, ...(more.also ?? [])],
        ms: more.ms ?? project.actionMs + slowActionMs(context),
        locks: more.locks ?? true,
        ...(more.effect ? { effect: more.effect } : {}),
      }),
    );

  api.get("/servers", (c) => {
    const wanted = c.req.queries("status") ?? [];
    const listed = project.servers
      .list()
      .filter((server) => wanted.length === 0 || wanted.includes(statusAt(server, project.now())));
    return listResponse(c, "servers", listed, (each) => serverView(project, each));
  });
  api.get("/servers/:id", (c) => c.json({ server: serverView(project, find(pathId(c))) }));

  api.post("/servers", async (c) => {
    const body = await readBody(c, CreateServer);
    return c.json(createServer(project, body, slowActionMs(c)), 201);
  });

  api.put("/servers/:id", async (c) => {
    const server = find(pathId(c));
    const body = await readBody(c, z.object({ name: HostName.optional(), labels: Labels.optional() }));
    if (body.name !== undefined) assertNameIsFree(project, "servers", body.name, server.id);
    const updated = project.servers.put(server.id, {
      ...server,
      name: body.name ?? server.name,
      labels: body.labels ?? server.labels,
    });
    return c.json({ server: serverView(project, updated) });
  });

  api.delete("/servers/:id", (c) => {
    const server = free(pathId(c));
    assertNotProtected("servers", server);
    project.servers.put(server.id, setStatus(server, project.now(), "deleting"));
    const action = act(c, server, "delete_server", { effect: { kind: "delete-server", server: server.id } });
    return c.json({ action });
  });

  for (const [name, command, during, after] of POWER)
    api.post(`/servers/:id/actions/${name}`, (c) => {
      const server = free(pathId(c));
      const afterMs = project.actionMs + slowActionMs(c);
      const status = statusAt(server, project.now());
      // Powering on what runs, or off what is off, is done at once and changes nothing.
      if (status !== after || during === "starting")
        project.servers.put(server.id, setStatus(server, project.now(), during, { afterMs, status: after }));
      return c.json({ action: act(c, server, command) }, 201);
    });

  api.post("/servers/:id/actions/change_type", async (c) => {
    const server = free(pathId(c));
    const body = await readBody(c, z.object({ server_type: IdOrName, upgrade_disk: z.boolean() }));
    const type = requireType(body.server_type);
    placeFor(type, server.location);
    if (type.architecture !== findServerType(server.serverType)?.architecture)
      throw new HetznerError("invalid_server_type", "server type has another architecture");
    if (type.disk < server.primaryDiskSize)
      throw new HetznerError("invalid_server_type", "the disk of the new server type is too small");
    assertOff(project, server);
    const action = act(c, server, "change_server_type", {
      effect: {
        kind: "change-type",
        server: server.id,
        serverType: type.name,
        disk: body.upgrade_disk ? type.disk : server.primaryDiskSize,
      },
    });
    return c.json({ action }, 201);
  });

  api.post("/servers/:id/actions/rebuild", async (c) => {
    const server = free(pathId(c));
    const body = await readBody(c, z.object({ image: IdOrName, user_data: UserData.nullish() }));
    if (server.protection.rebuild) throw new HetznerError("protected", "server rebuild is protected");
    const image = findImage(body.image, findServerType(server.serverType)?.architecture ?? "x86");
    if (image === undefined) throw invalidInput("image", "image not found");
    project.servers.put(server.id, setStatus(server, project.now(), "rebuilding"));
    const action = act(c, server, "rebuild_server", {
      effect: {
        kind: "rebuild",
        server: server.id,
        image: image.id,
        userData: body.user_data ?? server.userData,
      },
    });
    return c.json({ action, root_password: randomBytes(15).toString("base64url") }, 201);
  });

  api.post("/servers/:id/actions/attach_to_network", async (c) => {
    const server = free(pathId(c));
    const body = await readBody(
      c,
      z.object({
        network: Id,
        ip: z.ipv4().nullish(),
        alias_ips: z.array(z.ipv4()).default([]),
        ip_range: z.string().nullish(),
      }),
    );
    const attached = withNetwork(project, server, body.network, {
      aliasIps: body.alias_ips,
      ...(body.ip ? { ip: body.ip } : {}),
      ...(body.ip_range ? { ipRange: body.ip_range } : {}),
    });
    project.servers.put(server.id, attached);
    const also = [{ id: body.network, type: "network" as const }];
    return c.json({ action: act(c, server, "attach_to_network", { also }) }, 201);
  });

  api.post("/servers/:id/actions/detach_from_network", async (c) => {
    const server = free(pathId(c));
    const { network } = await readBody(c, z.object({ network: Id }));
    const kept = server.networks.filter((each) => each.network !== network);
    if (kept.length === server.networks.length)
      throw new HetznerError("service_error", "server is not attached to the network");
    project.servers.put(server.id, { ...server, networks: kept });
    const also = [{ id: network, type: "network" as const }];
    return c.json({ action: act(c, server, "detach_from_network", { also }) }, 201);
  });

  api.post("/servers/:id/actions/change_alias_ips", async (c) => {
    const server = free(pathId(c));
    const body = await readBody(c, z.object({ network: Id, alias_ips: z.array(z.ipv4()) }));
    const current = server.networks.find((each) => each.network === body.network);
    if (current === undefined)
      throw new HetznerError("service_error", "server is not attached to the network");
    const without = { ...server, networks: server.networks.filter((each) => each !== current) };
    project.servers.put(server.id, without);
    const wanted = { ip: current.ip, aliasIps: body.alias_ips };
    project.servers.put(server.id, withNetwork(project, without, body.network, wanted));
    return c.json({ action: act(c, server, "change_alias_ips") }, 201);
  });

  api.post("/servers/:id/actions/add_to_placement_group", async (c) => {
    const server = free(pathId(c));
    const body = await readBody(c, z.object({ placement_group: Id }));
    if (server.placementGroup !== null)
      throw new HetznerError("server_already_added", "server is already in a placement group");
    assertHasRoom(project, body.placement_group);
    assertOff(project, server);
    project.servers.put(server.id, { ...server, placementGroup: body.placement_group });
    return c.json({ action: act(c, server, "add_to_placement_group") }, 201);
  });

  api.post("/servers/:id/actions/remove_from_placement_group", (c) => {
    const server = free(pathId(c));
    if (server.placementGroup === null)
      throw new HetznerError("service_error", "server is not in a placement group");
    project.servers.put(server.id, { ...server, placementGroup: null });
    return c.json({ action: act(c, server, "remove_from_placement_group") }, 201);
  });

  api.post("/servers/:id/actions/change_protection", async (c) => {
    const server = find(pathId(c));
    const body = await readBody(
      c,
      z.object({ delete: z.boolean().optional(), rebuild: z.boolean().optional() }),
    );
    const protection = {
      delete: body.delete ?? server.protection.delete,
      rebuild: body.rebuild ?? server.protection.rebuild,
    };
    if (protection.delete !== protection.rebuild) throw invalidInput("rebuild", "must be the same as delete");
    project.servers.put(server.id, { ...server, protection });
    return c.json({ action: act(c, server, "change_protection", { ms: 0, locks: false }) }, 201);
  });

  api.post("/servers/:id/actions/change_dns_ptr", async (c) => {
    const server = find(pathId(c));
    const body = await readBody(c, DnsPtr);
    const type = body.ip.includes(":") ? "ipv6" : "ipv4";
    const ip = project.primaryIps.list().find((each) => each.assignee === server.id && each.type === type);
    if (ip === undefined) throw invalidInput("ip", "is not an address of this resource");
    project.primaryIps.put(ip.id, withDnsPtr(ip, body.ip, body.dns_ptr));
    return c.json({ action: act(c, server, "change_dns_ptr", { ms: 0, locks: false }) }, 201);
  });

  api.post("/servers/:id/actions/enable_backup", (c) => {
    const server = free(pathId(c));
    project.servers.put(server.id, { ...server, backupWindow: server.backupWindow ?? "22-02" });
    return c.json({ action: act(c, server, "enable_backup") }, 201);
  });

  api.post("/servers/:id/actions/disable_backup", (c) => {
    const server = free(pathId(c));
    project.servers.put(server.id, { ...server, backupWindow: null });
    return c.json({ action: act(c, server, "disable_backup") }, 201);
  });

  api.post("/servers/:id/actions/reset_password", (c) => {
    const server = free(pathId(c));
    if (statusAt(server, project.now()) !== "running")
      throw new HetznerError("service_error", "server must be running");
    const root_password = randomBytes(15).toString("base64url");
    return c.json({ action: act(c, server, "reset_password"), root_password }, 201);
  });
}

/** Path, command, status while it runs, status afterwards. */
const POWER = [
  ["poweron", "start_server", "starting", "running"],
  ["poweroff", "stop_server", "stopping", "off"],
  ["shutdown", "shutdown_server", "stopping", "off"],
  ["reboot", "reboot_server", "starting", "running"],
  ["reset", "reset_server", "starting", "running"],
] as const;

function assertOff(project: Project, server: ServerDocument): void {
  if (statusAt(server, project.now()) !== "off")
    throw new HetznerError("server_not_stopped", "server must be powered off");
}
