import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/pages/subresources/projects/ */
export const pagesProject = restResource({
  token: "cloudflare:index/pagesProject:PagesProject",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/pages/projects`,
  id: (result) => String(result.name),
  update: "PATCH",
});
