import { isMap, type PropertyMap, type PropertyValue } from "../provider/property.ts";

/** Objects whose keys are data, by Pulumi's name; the keys are left alone. */
const KEYED_BY_DATA = new Set([
  "aiBindings",
  "analyticsEngineDatasets",
  "browsers",
  "contains",
  "d1Databases",
  "durableObjectNamespaces",
  "envVars",
  "headers",
  "hyperdriveBindings",
  "kvNamespaces",
  "mtlsCertificates",
  "queueProducers",
  "r2Buckets",
  "services",
  "vectorizeBindings",
]);

/** Lists that the bridge gives a plural name, where the API has a singular one. */
const PLURALS: { [apiName: string]: string } = {
  check_presence: "checkPresences",
  exclude: "excludes",
  include: "includes",
  list: "lists",
  status_code_ttl: "statusCodeTtls",
};
const SINGULARS = Object.fromEntries(Object.entries(PLURALS).map(([api, pulumi]) => [pulumi, api]));

/** `zone_id` for `zoneId`. */
export function apiName(name: string): string {
  return SINGULARS[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `zoneId` for `zone_id`; lists have names of their own in a few places. */
export function pulumiName(name: string, value: unknown): string {
  const plural = Array.isArray(value) ? PLURALS[name] : undefined;
  return plural ?? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A value of a program as the API takes it. */
export function toApi(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(toApi);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      apiName(key),
      KEYED_BY_DATA.has(key) && isMap(part) ? eachValue(part, toApi) : toApi(part),
    ]),
  );
}

/** A value of the API as a program sees it; nulls are left out. */
export function toPulumi(value: unknown): PropertyValue {
  if (Array.isArray(value)) return value.map(toPulumi);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return null;
  const map: PropertyMap = {};
  for (const [key, part] of Object.entries(value)) {
    if (part === null || part === undefined) continue;
    const name = pulumiName(key, part);
    map[name] = KEYED_BY_DATA.has(name) && isObject(part) ? eachValue(part, toPulumi) : toPulumi(part);
  }
  return map;
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function eachValue<T>(map: { [key: string]: T }, change: (value: T) => PropertyValue): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
