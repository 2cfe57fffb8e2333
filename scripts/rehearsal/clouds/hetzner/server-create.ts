import { randomBytes } from "node:crypto";
import { z } from "zod";
import { actionView, assertUnlocked, startAction } from "./actions.ts";
import { findImage, findLocation, findServerType } from "./catalogue.ts";
import { HetznerError, invalidInput } from "./error.ts";
import { withFirewall } from "./firewalls.ts";
import { Labels } from "./labels.ts";
import type { ServerDocument } from "./model.ts";
import { withNetwork } from "./networks.ts";
import { assertHasRoom } from "./placement-groups.ts";
import { createPrimaryIp } from "./primary-ips.ts";
import {
  assertBelowLimit,
  assertNameIsFree,
  nextId,
  type Project,
  requireDocument,
  timestamp,
} from "./project.ts";
import { Id, IdOrName } from "./request.ts";
import { serverView } from "./server-view.ts";
import { setStatus } from "./status.ts";
import { startAttach } from "./volumes.ts";

/** Server names are host names by RFC 1123. */
export const HostName = z
  .string()
  .max(253, "is too long")
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i,
    "is not a valid hostname",
  );

const MAX_USER_DATA_BYTES = 32 * 1024;
export const UserData = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_USER_DATA_BYTES, "is too long (max. 32 KiB)");

/** https://docs.hetzner.cloud/reference/cloud#servers-create-a-server */
export const CreateServer = z.object({
  name: HostName,
  server_type: IdOrName,
  image: IdOrName,
  location: IdOrName.optional(),
  datacenter: z.never("was removed on 1 July 2026, use location").optional(),
  ssh_keys: z.array(IdOrName).default([]),
  user_data: UserData.default(""),
  start_after_create: z.boolean().default(true),
  labels: Labels.default({}),
  automount: z.boolean().optional(),
  volumes: z.array(Id).default([]),
  networks: z.array(Id).default([]),
  firewalls: z.array(z.object({ firewall: Id })).default([]),
  placement_group: Id.nullish(),
  public_net: z
    .object({
      enable_ipv4: z.boolean().default(true),
      enable_ipv6: z.boolean().default(true),
      ipv4: Id.nullish(),
      ipv6: Id.nullish(),
    })
    .default({ enable_ipv4: true, enable_ipv6: true }),
});

/**
 * Creates a server: it is `initializing` while `create_server` runs, `starting` while `start_server` does, then `running`.
 * `extraMs` makes both slower. Everything is checked before anything is written.
 */
export function createServer(project: Project, wanted: z.output<typeof CreateServer>, extraMs: number) {
  assertNameIsFree(project, "servers", wanted.name);
  assertBelowLimit(project, "servers");
  const type = requireType(wanted.server_type);
  const location = placeFor(type, wanted.location);
  const image = findImage(wanted.image, type.architecture);
  if (image === undefined) throw invalidInput("image", "image not found");
  if (image.architecture !== type.architecture)
    throw invalidInput("image", "image and server type must have the same architecture");
  for (const key of wanted.ssh_keys)
    if (!project.sshKeys.list().some((each) => String(each.id) === String(key) || each.name === key))
      throw invalidInput("ssh_keys", `SSH key '${key}' not found`);
  const volumes = wanted.volumes.map((id) => requireDocument(project, "volumes", id));
  for (const volume of volumes) {
    if (volume.server !== null)
      throw new HetznerError("volume_already_attached", "volume is already attached to a server");
    if (volume.location !== location)
      throw invalidInput("volumes", "server and volume must be in the same location");
    assertUnlocked(project, "volume", volume.id);
  }
  if (wanted.placement_group) assertHasRoom(project, wanted.placement_group);
  const { enable_ipv4, enable_ipv6 } = wanted.public_net;
  if (!enable_ipv4 && !enable_ipv6 && wanted.networks.length === 0)
    throw invalidInput("public_net", "server needs at least one public or private network");

  const now = project.now();
  const ms = project.actionMs + extraMs;
  let server: ServerDocument = {
    id: nextId(project, "servers"),
    name: wanted.name,
    created: timestamp(now),
    labels: wanted.labels,
    serverType: type.name,
    location,
    image: image.id,
    userData: wanted.user_data,
    statuses: [],
    protection: { delete: false, rebuild: false },
    networks: [],
    firewalls: [],
    placementGroup: wanted.placement_group ?? null,
    backupWindow: null,
    primaryDiskSize: type.disk,
  };
  server = wanted.start_after_create
    ? setStatus(
        server,
        now,
        "initializing",
        { afterMs: ms, status: "starting" },
        { afterMs: 2 * ms, status: "running" },
      )
    : setStatus(server, now, "initializing", { afterMs: ms, status: "off" });
  for (const network of wanted.networks) server = withNetwork(project, server, network);
  for (const { firewall } of wanted.firewalls) server = withFirewall(project, server, firewall);
  if (enable_ipv4) takeAddress(project, server, "ipv4", wanted.public_net.ipv4);
  if (enable_ipv6) takeAddress(project, server, "ipv6", wanted.public_net.ipv6);
  project.servers.put(server.id, server);

  const resources = [{ id: server.id, type: "server" as const }];
  const create = startAction(project, { command: "create_server", resources, ms });
  const from = create.finishes;
  const next = [
    ...(wanted.start_after_create
      ? [startAction(project, { command: "start_server", resources, ms, from })]
      : []),
    ...wanted.networks.map((id) =>
      startAction(project, {
        command: "attach_to_network",
        resources: [...resources, { id, type: "network" as const }],
        from,
        ms,
      }),
    ),
    ...volumes.map((volume) => startAttach(project, volume.id, server.id, { from, ms })),
  ];
  return {
    server: serverView(project, server),
    action: actionView(project, create),
    next_actions: next.map((action) => actionView(project, action)),
    root_password: wanted.ssh_keys.length > 0 ? null : randomBytes(15).toString("base64url"),
  };
}

/** @throws HetznerError `invalid_input` for an unknown type */
export function requireType(nameOrId: string | number) {
  const type = findServerType(nameOrId);
  if (type === undefined) throw invalidInput("server_type", "server type not found");
  return type;
}

/**
 * Where a server of this type can be placed.
 *
 * @throws HetznerError `invalid_input` for a location that does not offer the type, `resource_unavailable` when it is sold
 * out there, `invalid_server_type` when it is deprecated for good
 */
export function placeFor(type: ReturnType<typeof requireType>, wanted: string | number | undefined): string {
  const anywhere = Object.entries(type.places).find(([, place]) => place.available)?.[0];
  const location = wanted === undefined ? anywhere : findLocation(wanted)?.name;
  if (location === undefined)
    throw wanted === undefined
      ? new HetznerError("resource_unavailable", "error during placement")
      : invalidInput("location", "location not found");
  const place = type.places[location];
  if (place === undefined)
    throw new HetznerError("invalid_input", "unsupported location for server type", {
      fields: [{ name: "location", messages: ["unsupported location for server type"] }],
    });
  if (type.deprecation ?? place.deprecation)
    throw new HetznerError("invalid_server_type", `server type ${type.name} is deprecated`);
  if (!place.available) throw new HetznerError("resource_unavailable", "error during placement");
  return location;
}

function takeAddress(
  project: Project,
  server: ServerDocument,
  type: "ipv4" | "ipv6",
  id: number | null | undefined,
): void {
  if (!id) {
    createPrimaryIp(project, {
      name: `primary_ip-${server.id}-${type}`,
      type,
      location: server.location,
      // An address that comes with the server goes with it.
      autoDelete: true,
      labels: {},
      assignee: server.id,
    });
    return;
  }
  const ip = requireDocument(project, "primaryIps", id);
  if (ip.type !== type)
    throw new HetznerError("primary_ip_version_mismatch", "primary IP has the wrong IP version");
  if (ip.assignee !== null)
    throw new HetznerError("primary_ip_assigned", "primary IP is already assigned to a server");
  if (ip.location !== server.location)
    throw invalidInput("public_net", "server and primary IP must be in the same location");
  project.primaryIps.put(ip.id, { ...ip, assignee: server.id });
}
