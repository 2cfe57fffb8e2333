import type { Hono } from "hono";
import { z } from "zod";
import { HetznerError } from "./error.ts";
import { Labels } from "./labels.ts";
import { listResponse } from "./listing.ts";
import type { PlacementGroupDocument } from "./model.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Name, pathId, readBody } from "./request.ts";

/** A spread group holds at most 10 servers (https://docs.hetzner.com/cloud/placement-groups/overview). */
const SERVERS_A_GROUP = 10;

export function placementGroupRoutes(api: Hono, project: Project): void {
  const find = (id: number) => requireDocument(project, "placementGroups", id);

  api.get("/placement_groups", (c) => {
    const type = c.req.query("type");
    const listed = project.placementGroups.list().filter((each) => type === undefined || each.type === type);
    return listResponse(c, "placement_groups", listed, (each) => placementGroupView(project, each));
  });
  api.get("/placement_groups/:id", (c) =>
    c.json({ placement_group: placementGroupView(project, find(pathId(c))) }),
  );

  api.post("/placement_groups", async (c) => {
    const body = await readBody(
      c,
      z.object({ name: Name, type: z.literal("spread"), labels: Labels.default({}) }),
    );
    assertNameIsFree(project, "placementGroups", body.name);
    assertBelowLimit(project, "placementGroups");
    const group: PlacementGroupDocument = {
      id: nextId(project, "placementGroups"),
      created: timestamp(project.now()),
      ...body,
    };
    project.placementGroups.put(group.id, group);
    return c.json({ placement_group: placementGroupView(project, group), action: null }, 201);
  });

  api.put("/placement_groups/:id", async (c) => {
    const group = find(pathId(c));
    const body = await readBody(c, z.object({ name: Name.optional(), labels: Labels.optional() }));
    if (body.name !== undefined) assertNameIsFree(project, "placementGroups", body.name, group.id);
    const updated = project.placementGroups.put(group.id, {
      ...group,
      name: body.name ?? group.name,
      labels: body.labels ?? group.labels,
    });
    return c.json({ placement_group: placementGroupView(project, updated) });
  });

  api.delete("/placement_groups/:id", (c) => {
    const group = find(pathId(c));
    if (members(project, group.id).length > 0)
      throw new HetznerError("resource_in_use", `placement group with ID '${group.id}' is still in use`);
    project.placementGroups.delete(group.id);
    return c.body(null, 204);
  });
}

/** @throws HetznerError `not_found`, `placement_error` when the group is full */
export function assertHasRoom(project: Project, groupId: number): void {
  requireDocument(project, "placementGroups", groupId);
  if (members(project, groupId).length >= SERVERS_A_GROUP)
    throw new HetznerError("placement_error", "error during placement: placement group is full");
}

function members(project: Project, groupId: number): number[] {
  return project.servers
    .list()
    .filter((server) => server.placementGroup === groupId)
    .map((server) => server.id);
}

export function placementGroupView(project: Project, group: PlacementGroupDocument) {
  return {
    id: group.id,
    name: group.name,
    labels: group.labels,
    created: group.created,
    servers: members(project, group.id),
    type: group.type,
  };
}
