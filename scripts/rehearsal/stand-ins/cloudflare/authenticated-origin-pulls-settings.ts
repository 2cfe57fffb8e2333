import { singletonResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/origin_tls_client_auth/subresources/settings/ */
export const authenticatedOriginPullsSettings = singletonResource({
  token: "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings",
  scope: ["zoneId"],
  path: ({ zoneId }) => `/zones/${zoneId}/origin_tls_client_auth/settings`,
  id: ({ zoneId }) => zoneId ?? "",
  set: "PUT",
});
