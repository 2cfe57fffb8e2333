import { singletonResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/zones/subresources/settings/ */
export const zoneSetting = singletonResource({
  token: "cloudflare:index/zoneSetting:ZoneSetting",
  scope: ["zoneId", "settingId"],
  path: ({ zoneId, settingId }) => `/zones/${zoneId}/settings/${settingId}`,
  id: ({ settingId }) => settingId ?? "",
  set: "PATCH",
});
