import { singletonResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/dns/subresources/dnssec/ */
export const zoneDnssec = singletonResource({
  token: "cloudflare:index/zoneDnssec:ZoneDnssec",
  scope: ["zoneId"],
  path: ({ zoneId }) => `/zones/${zoneId}/dnssec`,
  id: ({ zoneId }) => zoneId ?? "",
  set: "PATCH",
  // Until the registrar has the DS record, what was switched on is pending.
  tidy: (outputs) => {
    const settled = { pending: "active", "pending-disabled": "disabled" }[String(outputs.status)];
    return settled === undefined ? outputs : { ...outputs, status: settled };
  },
  reset: (cloudflare, path) => cloudflare.remove(path),
});
