import { apiName, toApi } from "./names.ts";
import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/d1/subresources/database/ */
export const d1Database = restResource({
  token: "cloudflare:index/d1Database:D1Database",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/d1/database`,
  id: (result) => String(result.uuid),
  update: "PATCH",
  body: ({ accountId: _, readReplication, ...rest }, when) => ({
    ...(when === "create"
      ? Object.fromEntries(Object.entries(rest).map(([key, value]) => [apiName(key), value]))
      : {}),
    ...(readReplication === undefined ? {} : { read_replication: toApi(readReplication) }),
  }),
});
