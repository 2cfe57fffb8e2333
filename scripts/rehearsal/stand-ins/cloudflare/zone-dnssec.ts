import { singletonResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/dns/subresources/dnssec/ */
export const zoneDnssec = singletonResource({
  token: "cloudflare:index/zoneDnssec:ZoneDnssec",
  scope: ["zoneId"],
  path: ({ zoneId }) => `/zones/${zoneId}/dnssec`,
  id: ({ zoneId }) => zoneId ?? "",
  set: "PATCH",
  reset: (cloudflare, path) => cloudflare.remove(path),
});
