import type { Hono } from "hono";
import { z } from "zod";
import { slowActionMs } from "../base/faults.ts";
import { resourceActionRoutes } from "./action-routes.ts";
import { actionView, assertUnlocked, startAction } from "./actions.ts";
import { findLocation } from "./catalogue.ts";
import { HetznerError, invalidInput } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { VolumeDocument } from "./model.ts";
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

/** Sizes in GB; https://docs.hetzner.cloud/reference/cloud#volumes */
const Size = z.number().int().min(10, "must be at least 10").max(10_240, "must be at most 10240");

const Create = z.object({
  name: Name,
  size: Size,
  location: IdOrName.optional(),
  server: Id.nullish(),
  labels: Labels.default({}),
  format: z.enum(["ext4", "xfs"]).nullish(),
  automount: z.boolean().optional(),
});

/** A volume can be attached to at most this many: 16 a server. */
const VOLUMES_A_SERVER = 16;

export function volumeRoutes(api: Hono, project: Project): void {
  resourceActionRoutes(api, project, "/volumes", "volume");
  const find = (id: number) => requireDocument(project, "volumes", id);

  api.get("/volumes", (c) => {
    const wanted = c.req.queries("status") ?? [];
    const listed = project.volumes
      .list()
      .filter((volume) => wanted.length === 0 || wanted.includes(statusOf(project, volume)));
    return listResponse(c, "volumes", listed, (each) => volumeView(project, each));
  });
  api.get("/volumes/:id", (c) => c.json({ volume: volumeView(project, find(pathId(c))) }));

  api.post("/volumes", async (c) => {
    const body = await readBody(c, Create);
    assertNameIsFree(project, "volumes", body.name);
    assertBelowLimit(project, "volumes");
    const server = body.server ? requireDocument(project, "servers", body.server) : undefined;
    if (server && body.location !== undefined)
      throw invalidInput("location", "only one of server or location must be provided");
    if (body.automount && !server) throw invalidInput("automount", "requires a server");
    const location = findLocation(server?.location ?? body.location ?? "");
    if (location === undefined) throw invalidInput("location", "location does not exist");
    const ms = project.actionMs + slowActionMs(c);
    if (server) assertCanAttach(project, server.id);
    const volume: VolumeDocument = {
      id: nextId(project, "volumes"),
      name: body.name,
      created: timestamp(project.now()),
      labels: body.labels,
      size: body.size,
      location: location.name,
      format: body.format ?? null,
      server: null,
      availableFrom: project.now() + ms,
      protection: { delete: false },
    };
    project.volumes.put(volume.id, volume);
    const action = startAction(project, {
      command: "create_volume",
      resources: [
        { id: volume.id, type: "volume" },
        ...(server ? [{ id: server.id, type: "server" as const }] : []),
      ],
      ms,
    });
    const next = server ? [startAttach(project, volume.id, server.id, { from: action.finishes })] : [];
    return c.json(
      {
        volume: volumeView(project, volume),
        action: actionView(project, action),
        next_actions: next.map((each) => actionView(project, each)),
      },
      201,
    );
  });

  api.put("/volumes/:id", async (c) => {
    const volume = find(pathId(c));
    const body = await readBody(c, z.object({ name: Name.optional(), labels: Labels.optional() }));
    if (body.name !== undefined) assertNameIsFree(project, "volumes", body.name, volume.id);
    const updated = project.volumes.put(volume.id, {
      ...volume,
      name: body.name ?? volume.name,
      labels: body.labels ?? volume.labels,
    });
    return c.json({ volume: volumeView(project, updated) });
  });

  api.delete("/volumes/:id", (c) => {
    const volume = find(pathId(c));
    assertNotProtected("volumes", volume);
    if (volume.server !== null)
      throw new HetznerError("service_error", "cannot delete volume because it is attached to a server");
    assertUnlocked(project, "volume", volume.id);
    project.volumes.delete(volume.id);
    return c.body(null, 204);
  });

  api.post("/volumes/:id/actions/attach", async (c) => {
    const volume = find(pathId(c));
    const body = await readBody(c, z.object({ server: Id, automount: z.boolean().optional() }));
    const server = requireDocument(project, "servers", body.server);
    if (volume.server !== null)
      throw new HetznerError("volume_already_attached", "volume is already attached to a server");
    assertUnlocked(project, "volume", volume.id);
    assertUnlocked(project, "server", server.id);
    if (server.location !== volume.location)
      throw invalidInput("server", "server and volume must be in the same location");
    assertCanAttach(project, server.id);
    const action = startAttach(project, volume.id, server.id, { ms: project.actionMs + slowActionMs(c) });
    return c.json({ action: actionView(project, action) }, 201);
  });

  api.post("/volumes/:id/actions/detach", (c) => {
    const volume = find(pathId(c));
    if (volume.server === null) throw new HetznerError("service_error", "volume is not attached to a server");
    assertUnlocked(project, "volume", volume.id);
    assertUnlocked(project, "server", volume.server);
    const action = startAction(project, {
      command: "detach_volume",
      resources: [
        { id: volume.server, type: "server" },
        { id: volume.id, type: "volume" },
      ],
      ms: project.actionMs + slowActionMs(c),
      effect: { kind: "detach-volume", volume: volume.id },
    });
    return c.json({ action: actionView(project, action) }, 201);
  });

  api.post("/volumes/:id/actions/resize", async (c) => {
    const volume = find(pathId(c));
    const { size } = await readBody(c, z.object({ size: Size }));
    if (size <= volume.size) throw invalidInput("size", "must be greater than the current size");
    assertUnlocked(project, "volume", volume.id);
    const action = startAction(project, {
      command: "resize_volume",
      resources: [{ id: volume.id, type: "volume" }],
      ms: project.actionMs + slowActionMs(c),
      effect: { kind: "resize-volume", volume: volume.id, size },
    });
    return c.json({ action: actionView(project, action) }, 201);
  });

  api.post("/volumes/:id/actions/change_protection", async (c) => {
    const volume = find(pathId(c));
    const body = await readBody(c, Protection);
    project.volumes.put(volume.id, {
      ...volume,
      protection: { delete: body.delete ?? volume.protection.delete },
    });
    const action = startAction(project, {
      command: "change_protection",
      resources: [{ id: volume.id, type: "volume" }],
      ms: 0,
      locks: false,
    });
    return c.json({ action: actionView(project, action) }, 201);
  });
}

export function startAttach(
  project: Project,
  volume: number,
  server: number,
  when: { from?: number; ms?: number },
) {
  return startAction(project, {
    command: "attach_volume",
    resources: [
      { id: server, type: "server" },
      { id: volume, type: "volume" },
    ],
    effect: { kind: "attach-volume", volume, server },
    ...when,
  });
}

function assertCanAttach(project: Project, server: number): void {
  if (project.volumes.list().filter((each) => each.server === server).length >= VOLUMES_A_SERVER)
    throw new HetznerError("resource_limit_exceeded", "volume limit of the server exceeded");
}

function statusOf(project: Project, volume: VolumeDocument): "creating" | "available" {
  return volume.availableFrom <= project.now() ? "available" : "creating";
}

function volumeView(project: Project, volume: VolumeDocument) {
  return {
    id: volume.id,
    name: volume.name,
    created: volume.created,
    server: volume.server,
    status: statusOf(project, volume),
    location: findLocation(volume.location),
    size: volume.size,
    format: volume.format,
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    protection: volume.protection,
    labels: volume.labels,
  };
}
