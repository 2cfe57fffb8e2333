import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/workers/subresources/routes/ */
export const workersRoute = restResource({
  token: "cloudflare:index/workersRoute:WorkersRoute",
  scope: ["zoneId"],
  collection: ({ zoneId }) => `/zones/${zoneId}/workers/routes`,
  update: "PUT",
});
