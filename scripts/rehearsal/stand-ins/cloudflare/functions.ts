import { isMap, type PropertyMap, type PropertyValue } from "../provider/property.ts";
import type { InvokeFunction } from "../provider/resource.ts";
import type { Cloudflare, Result } from "./client.ts";
import published from "./ip-ranges.json" with { type: "json" };
import { toPulumi } from "./names.ts";

/** The filters of a list of zones as the API's query has them. */
function query(filter: PropertyMap): string {
  const search = new URLSearchParams();
  for (const key of ["name", "status", "match", "order", "direction"]) {
    const value = filter[key];
    if (typeof value === "string") search.set(key, value);
  }
  if (Array.isArray(filter.types)) search.set("type", filter.types.join(","));
  for (const [key, value] of Object.entries(isMap(filter.account) ? filter.account : {})) {
    search.set(`account.${key}`, String(value));
  }
  return search.size > 0 ? `?${search}` : "";
}

function asMap(value: PropertyValue): PropertyMap {
  return isMap(value) ? value : {};
}

function zoneOutputs(zone: Result): PropertyMap {
  const outputs = asMap(toPulumi(zone));
  // What the API leaves null, the type of the result still promises as a list.
  return { permissions: [], vanityNameServers: [], ...outputs };
}

const getZone: InvokeFunction<Cloudflare> = async (cloudflare, args) => {
  if (typeof args.zoneId === "string") {
    const zone = await cloudflare.send("GET", `/zones/${args.zoneId}`);
    return { ...zoneOutputs(zone), zoneId: args.zoneId };
  }
  const filter = isMap(args.filter) ? args.filter : undefined;
  if (!filter) throw new Error("either zoneId or filter must be set");
  const zones = await cloudflare.list(`/zones${query(filter)}`);
  const [zone] = zones;
  if (!zone || zones.length > 1) {
    throw new Error(
      zone
        ? `${zones.length} zones fit ${JSON.stringify(filter)}: narrow the filter down`
        : `no zone fits ${JSON.stringify(filter)}, or the token may not see it`,
    );
  }
  return { ...zoneOutputs(zone), zoneId: String(zone.id), filter };
};

const getZones: InvokeFunction<Cloudflare> = async (cloudflare, args) => {
  const zones = await cloudflare.list(`/zones${query(args)}`);
  const most = typeof args.maxItems === "number" ? args.maxItems : zones.length;
  return { match: "all", ...args, results: zones.slice(0, most).map(zoneOutputs) };
};

/** https://developers.cloudflare.com/api/resources/ips/methods/list/; a cloud without it gets the published ranges. */
const getIpRanges: InvokeFunction<Cloudflare> = async (cloudflare, args) => {
  const networks = typeof args.networks === "string" ? `?networks=${args.networks}` : "";
  const { etag, ipv4_cidrs, ipv6_cidrs, jdcloud_cidrs } = {
    ...published,
    ...(await cloudflare.find(`/ips${networks}`)),
  };
  return {
    ...args,
    etag,
    ipv4Cidrs: ipv4_cidrs,
    ipv6Cidrs: ipv6_cidrs,
    jdcloudCidrs: jdcloud_cidrs,
  };
};

/** The functions of the cloudflare package that a program may call, by token. */
export const functions: Record<string, InvokeFunction<Cloudflare>> = {
  "cloudflare:index/getZone:getZone": getZone,
  "cloudflare:index/getZones:getZones": getZones,
  "cloudflare:index/getIpRanges:getIpRanges": getIpRanges,
};
