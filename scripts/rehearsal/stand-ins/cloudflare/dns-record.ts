import type { PropertyMap, PropertyValue } from "../provider/property.ts";
import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/dns/subresources/records/ */
export const dnsRecord = restResource({
  token: "cloudflare:index/dnsRecord:DnsRecord",
  scope: ["zoneId"],
  collection: ({ zoneId }) => `/zones/${zoneId}/dns_records`,
  update: "PUT",
  tidy: (outputs, { inputs }) => asAsked(outputs, inputs),
});

/** Cloudflare answers with full names; a program may have given the part before the zone's name. */
function asAsked(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const { name, content } = inputs;
  return {
    ...outputs,
    ...(sameName(name, outputs.name) ? { name } : {}),
    ...(sameContent(content, outputs.content) ? { content } : {}),
  };
}

function sameName(asked: PropertyValue | undefined, live: PropertyValue | undefined): asked is string {
  if (typeof asked !== "string" || typeof live !== "string") return false;
  const [short, full] = [asked.toLowerCase().replace(/\.$/, ""), live.toLowerCase()];
  return short === full || full.startsWith(`${short}.`);
}

function sameContent(asked: PropertyValue | undefined, live: PropertyValue | undefined): asked is string {
  const bare = (text: string): string => text.replace(/^"(.*)"$/s, "$1").replace(/\.$/, "");
  return typeof asked === "string" && typeof live === "string" && bare(asked) === bare(live);
}
