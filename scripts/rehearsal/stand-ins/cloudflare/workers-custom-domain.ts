import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/workers/subresources/domains/ */
export const workersCustomDomain = restResource({
  token: "cloudflare:index/workersCustomDomain:WorkersCustomDomain",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/workers/domains`,
  create: "PUT",
  update: "never",
});
