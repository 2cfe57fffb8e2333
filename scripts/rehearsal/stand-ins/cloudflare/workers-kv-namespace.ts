import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/ */
export const workersKvNamespace = restResource({
  token: "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/storage/kv/namespaces`,
  update: "PUT",
});
