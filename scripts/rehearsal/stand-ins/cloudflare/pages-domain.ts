import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/pages/subresources/projects/subresources/domains/ */
export const pagesDomain = restResource({
  token: "cloudflare:index/pagesDomain:PagesDomain",
  scope: ["accountId", "projectName"],
  collection: ({ accountId, projectName }) => `/accounts/${accountId}/pages/projects/${projectName}/domains`,
  id: (result) => String(result.name),
  update: "never",
});
