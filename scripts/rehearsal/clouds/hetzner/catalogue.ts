import { z } from "zod";
import data from "./catalogue.json" with { type: "json" };

const Deprecation = z.object({ announced: z.string(), unavailableAfter: z.string() });

const Catalogue = z.object({
  date: z.iso.date(),
  source: z.string(),
  currency: z.literal("USD"),
  vatRate: z.string(),
  volumeGbMonthly: z.string(),
  imageGbMonthly: z.string(),
  backupPercentage: z.string(),
  trafficTb: z.string(),
  trafficTbSingapore: z.string(),
  primaryIpv4Monthly: z.string(),
  floatingIpv4Monthly: z.string(),
  locations: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      description: z.string(),
      country: z.string(),
      city: z.string(),
      latitude: z.number(),
      longitude: z.number(),
      network_zone: z.string(),
    }),
  ),
  images: z.array(
    z.object({
      name: z.string(),
      flavor: z.string(),
      version: z.string(),
      description: z.string(),
      ids: z.object({ x86: z.number(), arm: z.number() }),
    }),
  ),
  serverTypes: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      cores: z.number(),
      memory: z.number(),
      disk: z.number(),
      category: z.string(),
      cpu: z.enum(["shared", "dedicated"]),
      architecture: z.enum(["x86", "arm"]),
      deprecation: Deprecation.optional(),
      /** By location: what it costs there in US dollars a month, and whether it can be ordered. */
      places: z.record(
        z.string(),
        z.object({
          usdMonthly: z.string(),
          trafficTb: z.number(),
          available: z.boolean(),
          recommended: z.boolean().default(false),
          deprecation: Deprecation.optional(),
        }),
      ),
    }),
  ),
});
const catalogue = Catalogue.parse(data);
type ServerType = (typeof catalogue.serverTypes)[number];

/** The day and the origin of the figures, for whoever shows them. */
export const catalogueSource = { date: catalogue.date, source: catalogue.source };

export const locations = catalogue.locations;
export type Location = (typeof locations)[number];

/** By name, or by id as the API also takes it. */
export function findLocation(nameOrId: string | number): Location | undefined {
  return locations.find((each) => each.name === nameOrId || String(each.id) === String(nameOrId));
}

export function findServerType(nameOrId: string | number): ServerType | undefined {
  return catalogue.serverTypes.find((each) => each.name === nameOrId || String(each.id) === String(nameOrId));
}

const HOURS_A_MONTH = 624;
const TERABYTE = 1024 ** 4;

/** The API's price object: net and gross are the same, as no VAT is added for the account. */
function price(usd: string): { net: string; gross: string } {
  const net = Number(usd).toFixed(10);
  return { net, gross: `${net}000000` };
}

function placePrices(type: ServerType) {
  return Object.entries(type.places).map(([location, place]) => ({
    location,
    price_hourly: price((Number(place.usdMonthly) / HOURS_A_MONTH).toFixed(4)),
    price_monthly: price(place.usdMonthly),
    included_traffic: place.trafficTb * TERABYTE,
    price_per_tb_traffic: price(location === "sin" ? catalogue.trafficTbSingapore : catalogue.trafficTb),
  }));
}

function deprecationView(deprecation: { announced: string; unavailableAfter: string } | undefined) {
  return deprecation
    ? { announced: deprecation.announced, unavailable_after: deprecation.unavailableAfter }
    : null;
}

/** A server type as `GET /server_types` shows it. */
export function serverTypeView(type: ServerType) {
  return {
    id: type.id,
    name: type.name,
    description: type.name.toUpperCase(),
    category: type.category,
    cores: type.cores,
    memory: type.memory,
    disk: type.disk,
    deprecated: type.deprecation !== undefined,
    deprecation: deprecationView(type.deprecation),
    prices: placePrices(type),
    storage_type: "local",
    cpu_type: type.cpu,
    architecture: type.architecture,
    locations: Object.entries(type.places).map(([name, place]) => ({
      id: findLocation(name)?.id,
      name,
      available: place.available,
      recommended: place.recommended,
      deprecation: deprecationView(place.deprecation),
    })),
  };
}

export const serverTypes = catalogue.serverTypes.map(serverTypeView);

/** `GET /pricing` (https://docs.hetzner.cloud/reference/cloud#pricing). */
export const pricing = {
  currency: catalogue.currency,
  vat_rate: catalogue.vatRate,
  primary_ips: [
    { type: "ipv4", prices: addressPrices(catalogue.primaryIpv4Monthly) },
    { type: "ipv6", prices: addressPrices("0") },
  ],
  floating_ips: [
    {
      type: "ipv4",
      prices: locations.map(({ name }) => ({
        location: name,
        price_monthly: price(catalogue.floatingIpv4Monthly),
      })),
    },
  ],
  floating_ip: { price_monthly: price(catalogue.floatingIpv4Monthly) },
  image: { price_per_gb_month: price(catalogue.imageGbMonthly) },
  volume: { price_per_gb_month: price(catalogue.volumeGbMonthly) },
  server_backup: { percentage: catalogue.backupPercentage },
  traffic: { price_per_tb: price(catalogue.trafficTb) },
  server_types: catalogue.serverTypes.map((type) => ({
    id: type.id,
    name: type.name,
    prices: placePrices(type),
  })),
  load_balancer_types: [],
};

function addressPrices(usdMonthly: string) {
  return locations.map(({ name }) => ({
    location: name,
    price_hourly: price((Number(usdMonthly) / HOURS_A_MONTH).toFixed(4)),
    price_monthly: price(usdMonthly),
  }));
}

/** The system images, one entry an architecture, as `GET /images` shows them. */
export const images = catalogue.images.flatMap((image) =>
  (["x86", "arm"] as const).map((architecture) => ({
    id: image.ids[architecture],
    type: "system",
    status: "available",
    name: image.name,
    description: image.description,
    image_size: null,
    disk_size: 5,
    created: "2026-01-12T06:21:09Z",
    created_from: null,
    bound_to: null,
    os_flavor: image.flavor,
    os_version: image.version,
    rapid_deploy: architecture === "x86",
    protection: { delete: false },
    deprecated: null,
    deleted: null,
    labels: {},
    architecture,
  })),
);

/** An image by name (then of the wanted architecture) or by id. */
export function findImage(nameOrId: string | number, architecture: string) {
  return images.find(
    (each) =>
      String(each.id) === String(nameOrId) || (each.name === nameOrId && each.architecture === architecture),
  );
}
