import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/queues/ */
export const queue = restResource({
  token: "cloudflare:index/queue:Queue",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/queues`,
  id: (result) => String(result.queue_id),
  update: "PUT",
});
