import { z } from "zod";
import type { PropertyMap } from "../provider/property.ts";
import type { InvokeFunction } from "../provider/resource.ts";
import type { Hetzner } from "./client.ts";

const Deprecation = z.object({ announced: z.string(), unavailable_after: z.string() }).nullish();
const ServerType = z.object({
  id: z.number(),
  name: z.string(),
  description: z.string(),
  category: z.string().nullish(),
  cores: z.number(),
  memory: z.number(),
  disk: z.number(),
  storage_type: z.string(),
  cpu_type: z.string(),
  architecture: z.string(),
  deprecation: Deprecation,
  locations: z
    .array(
      z.object({
        id: z.number(),
        name: z.string(),
        available: z.boolean().default(true),
        recommended: z.boolean().default(false),
        deprecation: Deprecation,
      }),
    )
    .default([]),
});
const Location = z.object({
  id: z.number(),
  name: z.string(),
  description: z.string(),
  country: z.string(),
  city: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  network_zone: z.string(),
});
const Image = z.object({
  id: z.number(),
  name: z.string().nullable(),
  type: z.string(),
  status: z.string(),
  description: z.string(),
  created: z.string(),
  deprecated: z.string().nullish(),
  os_flavor: z.string(),
  os_version: z.string().nullish(),
  architecture: z.string(),
  rapid_deploy: z.boolean().nullish(),
  labels: z.record(z.string(), z.string()),
});
const Page = z.object({
  meta: z.object({ pagination: z.object({ next_page: z.number().nullable() }) }).nullish(),
});

/** All pages of a list (https://docs.hetzner.cloud/reference/cloud#pagination). */
async function all<T>(hetzner: Hetzner, path: string, key: string, item: z.ZodType<T>): Promise<T[]> {
  const items: T[] = [];
  for (let page: number | null = 1; page !== null; ) {
    const body: { [key: string]: unknown } = await hetzner.get(
      `${path}${path.includes("?") ? "&" : "?"}page=${page}&per_page=50`,
      z.record(z.string(), z.unknown()),
    );
    items.push(...z.array(item).parse(body[key]));
    page = Page.parse(body).meta?.pagination.next_page ?? null;
  }
  return items;
}

/** The one that was asked for, by id or by name; an error names what there is. */
function pick<T extends { id: number; name: string }>(what: string, items: T[], args: PropertyMap): T {
  const found = items.find((each) =>
    args.id === undefined ? each.name === args.name : each.id === Number(args.id),
  );
  if (found) return found;
  const asked = args.id === undefined ? `the name "${String(args.name)}"` : `the id ${String(args.id)}`;
  throw new Error(`no ${what} has ${asked}; there are ${items.map((each) => each.name).join(", ")}`);
}

function deprecationOf(deprecation: z.infer<typeof Deprecation>) {
  return {
    isDeprecated: Boolean(deprecation),
    deprecationAnnounced: deprecation?.announced ?? "",
    unavailableAfter: deprecation?.unavailable_after ?? "",
  };
}

function serverType(type: z.infer<typeof ServerType>): PropertyMap {
  return {
    id: type.id,
    name: type.name,
    description: type.description,
    category: type.category ?? "",
    cores: type.cores,
    memory: type.memory,
    disk: type.disk,
    storageType: type.storage_type,
    cpuType: type.cpu_type,
    architecture: type.architecture,
    includedTraffic: 0,
    ...deprecationOf(type.deprecation),
    locations: type.locations.map((place) => ({
      id: place.id,
      name: place.name,
      available: place.available,
      recommended: place.recommended,
      ...deprecationOf(place.deprecation),
    })),
  };
}

function location({ network_zone, ...rest }: z.infer<typeof Location>): PropertyMap {
  return { ...rest, networkZone: network_zone };
}

const serverTypes = (hetzner: Hetzner) => all(hetzner, "/server_types", "server_types", ServerType);
const locations = (hetzner: Hetzner) => all(hetzner, "/locations", "locations", Location);

/** Names, ids and descriptions beside the list itself: the deprecated half of the real answer. */
function lists(items: { id: number; name: string; description: string }[], ids: string): PropertyMap {
  return {
    id: items.map((each) => each.id).join("-"),
    names: items.map((each) => each.name),
    descriptions: items.map((each) => each.description),
    [ids]: items.map((each) => String(each.id)),
  };
}

const getImage: InvokeFunction<Hetzner> = async (hetzner, args) => {
  const query = new URLSearchParams();
  const add = (key: string, value: unknown): void => {
    if (typeof value === "string") query.append(key, value);
  };
  add("name", args.name);
  add("architecture", args.withArchitecture ?? (args.id === undefined ? "x86" : undefined));
  add("label_selector", args.withSelector ?? args.selector);
  for (const status of Array.isArray(args.withStatuses) ? args.withStatuses : []) add("status", status);
  if (args.includeDeprecated === true) query.append("include_deprecated", "true");
  const found = (await all(hetzner, `/images?${query}`, "images", Image))
    .filter((image) => args.id === undefined || image.id === Number(args.id))
    .sort((a, b) => (args.mostRecent === true ? Date.parse(b.created) - Date.parse(a.created) : 0));
  const image = found[0];
  if (!image) throw new Error(`no image fits ${JSON.stringify(args)}`);
  if (found.length > 1 && args.mostRecent !== true) {
    throw new Error(`${found.length} images fit ${JSON.stringify(args)}: narrow it down, or set mostRecent`);
  }
  return {
    ...args,
    id: image.id,
    name: image.name ?? "",
    type: image.type,
    description: image.description,
    created: image.created,
    deprecated: image.deprecated ?? "",
    osFlavor: image.os_flavor,
    osVersion: image.os_version ?? "",
    architecture: image.architecture,
    rapidDeploy: image.rapid_deploy ?? false,
    labels: image.labels,
  };
};

/** The functions of the hcloud package that a program may call, by token. */
export const functions: Record<string, InvokeFunction<Hetzner>> = {
  "hcloud:index/getServerTypes:getServerTypes": async (hetzner) => {
    const types = await serverTypes(hetzner);
    return { ...lists(types, "serverTypeIds"), serverTypes: types.map(serverType) };
  },
  "hcloud:index/getServerType:getServerType": async (hetzner, args) =>
    serverType(pick("server type", await serverTypes(hetzner), args)),
  "hcloud:index/getLocations:getLocations": async (hetzner) => {
    const places = await locations(hetzner);
    return { ...lists(places, "locationIds"), locations: places.map(location) };
  },
  "hcloud:index/getLocation:getLocation": async (hetzner, args) =>
    location(pick("location", await locations(hetzner), args)),
  "hcloud:index/getImage:getImage": getImage,
};
