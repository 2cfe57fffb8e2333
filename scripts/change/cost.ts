import type { Cost, CostLine, Value } from "./model.ts";

type Inputs = { [property: string]: Value };

/** Prices in cents of US dollars a month, fractions allowed; the smallest unit of a bill is a whole cent a line. */
export interface Catalogue {
  /** Where the prices come from and of which day: `Hetzner's price list of 2026-11-23`. */
  source: string;
  /** By server type, then by location (`hil`); a price without the IPv4 address. */
  serverTypes: { [type: string]: { [location: string]: number } };
  /** A gigabyte of volume, by location; `*` stands for every other. */
  volumeGigabyte: { [location: string]: number };
  /** A primary IP by its type (`ipv4`, `ipv6`), then by location; `*` stands for every other. */
  primaryIp: { [type: string]: { [location: string]: number } };
  /** A load balancer by its type, then by location. */
  loadBalancerTypes?: { [type: string]: { [location: string]: number } };
  /** What backups add to a server's price, in percent (20 at Hetzner). */
  backupPercent: number;
  /** What is priced by configuration and not by a resource: Cloudflare's and Neon's plans. */
  plans: readonly { label: string; beforeCents: number; afterCents: number }[];
}

/** A resource of the stack, unchanged ones too, with its inputs before and after the change. */
export interface PricedResource {
  urn: string;
  type: string;
  before?: Inputs;
  after?: Inputs;
}

/**
 * What the stack costs a month before and after the change. Traffic, snapshots and what is billed by use are not in it.
 * A resource without a price in the catalogue is listed in `unpriced`, and no price is made up for it.
 */
export function estimateCost(resources: readonly PricedResource[], catalogue: Catalogue): Cost {
  const unpriced: string[] = [];
  const lines: CostLine[] = [];
  for (const resource of resources) {
    const price = PRICES[resource.type];
    if (!price) continue;
    const before = resource.before ? price(resource.before, catalogue) : NOTHING;
    const after = resource.after ? price(resource.after, catalogue) : NOTHING;
    const name = resource.urn.split("::").slice(3).join("::");
    const reason = after.missing ?? before.missing;
    if (reason) unpriced.push(`${name}: ${reason}`);
    const beforeCents = Math.round(before.cents);
    const afterCents = Math.round(after.cents);
    if (beforeCents === 0 && afterCents === 0) continue;
    lines.push({
      urn: resource.urn,
      label: `${name}: ${fromTo(before.label, after.label)}`,
      beforeCents,
      afterCents,
    });
  }
  for (const plan of catalogue.plans) lines.push({ urn: "", ...plan });
  const sum = (side: "beforeCents" | "afterCents") => lines.reduce((total, line) => total + line[side], 0);
  return {
    lines,
    beforeCents: sum("beforeCents"),
    afterCents: sum("afterCents"),
    source: catalogue.source,
    ...(unpriced.length > 0 ? { unpriced } : {}),
  };
}

/** `server cpx11 → cpx21`: what both sides begin with is said once. */
function fromTo(before: string, after: string): string {
  if (before === "" || after === "" || before === after) return after || before;
  const was = before.split(" ");
  const is = after.split(" ");
  const alike = is.findIndex((word, index) => word !== was[index]);
  return alike < 0 ? `${before} → ${after}` : `${before} → ${is.slice(alike).join(" ")}`;
}

interface Price {
  cents: number;
  label: string;
  /** Why there is no price, or not the whole. */
  missing?: string;
}

const NOTHING: Price = { cents: 0, label: "" };

const PRICES: { readonly [type: string]: (inputs: Inputs, catalogue: Catalogue) => Price } = {
  "hcloud:index/server:Server": server,
  "hcloud:index/volume:Volume": volume,
  "hcloud:index/primaryIp:PrimaryIp": primaryIp,
  "hcloud:index/loadBalancer:LoadBalancer": loadBalancer,
};

function server(inputs: Inputs, catalogue: Catalogue): Price {
  const type = text(inputs.serverType);
  const location = locationOf(inputs);
  const label = type ? `server ${type}` : "server";
  if (!type) return { cents: 0, label, missing: "its server type is known only after the update" };
  const base = catalogue.serverTypes[type];
  const cents = location ? base?.[location] : least(base);
  if (cents === undefined)
    return { cents: 0, label, missing: `no price for ${type}${location ? ` in ${location}` : ""}` };
  const backups = inputs.backups === true;
  const address = hasOwnIpv4(inputs) ? pricedAt(catalogue.primaryIp.ipv4, location) : 0;
  return {
    cents: cents * (backups ? 1 + catalogue.backupPercent / 100 : 1) + (address ?? 0),
    label: `${label}${backups ? " with backups" : ""}${hasOwnIpv4(inputs) ? " and its IPv4" : ""}`,
    ...(address === undefined ? { missing: "no price for its IPv4 address" } : {}),
  };
}

/** A server that is not told otherwise gets an IPv4 address of its own, which is billed (https://docs.hetzner.cloud/#servers-create-a-server). */
function hasOwnIpv4(inputs: Inputs): boolean {
  const nets = inputs.publicNets;
  if (!Array.isArray(nets) || nets.length === 0) return true;
  return nets.some((net) => {
    const entry: { [key: string]: Value | undefined } =
      typeof net === "object" && net !== null && !Array.isArray(net) ? { ...net } : {};
    return entry.ipv4Enabled !== false && (entry.ipv4 === undefined || entry.ipv4 === 0);
  });
}

function volume(inputs: Inputs, catalogue: Catalogue): Price {
  const size = typeof inputs.size === "number" ? inputs.size : undefined;
  if (size === undefined)
    return { cents: 0, label: "volume", missing: "its size is known only after the update" };
  const cents = pricedAt(catalogue.volumeGigabyte, locationOf(inputs));
  const label = `volume of ${size} GB`;
  return cents === undefined
    ? { cents: 0, label, missing: "no price for volumes" }
    : { cents: cents * size, label };
}

function primaryIp(inputs: Inputs, catalogue: Catalogue): Price {
  const type = text(inputs.type) ?? "ipv4";
  const label = `primary ${type === "ipv6" ? "IPv6" : "IPv4"}`;
  const cents = pricedAt(catalogue.primaryIp[type], locationOf(inputs));
  return cents === undefined ? { cents: 0, label, missing: `no price for ${label}` } : { cents, label };
}

function loadBalancer(inputs: Inputs, catalogue: Catalogue): Price {
  const type = text(inputs.loadBalancerType);
  const label = type ? `load balancer ${type}` : "load balancer";
  const cents = type ? pricedAt(catalogue.loadBalancerTypes?.[type], locationOf(inputs)) : undefined;
  return cents === undefined ? { cents: 0, label, missing: `no price for ${label}` } : { cents, label };
}

/** A datacenter is named after its location: `hil-dc1`. */
function locationOf(inputs: Inputs): string | undefined {
  return text(inputs.location) ?? text(inputs.datacenter)?.replace(/-dc\d+$/, "");
}

function pricedAt(prices: { [location: string]: number } | undefined, location: string | undefined) {
  return (
    (location === undefined ? undefined : prices?.[location]) ??
    prices?.["*"] ??
    (location ? undefined : least(prices))
  );
}

function least(prices: { [location: string]: number } | undefined): number | undefined {
  const all = Object.values(prices ?? {});
  return all.length === 0 ? undefined : Math.min(...all);
}

function text(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
