import type { ResourceKind } from "../provider/resource.ts";
import type { Cloudflare } from "./client.ts";
import { apiName, toApi } from "./names.ts";
import { restResource } from "./rest.ts";

const rest = restResource({
  token: "cloudflare:index/d1Database:D1Database",
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/d1/database`,
  id: (result) => String(result.uuid),
  update: "PATCH",
  body({ accountId: _, readReplication, ...others }, when) {
    if (when === "update")
      return readReplication === undefined ? {} : { read_replication: toApi(readReplication) };
    return Object.fromEntries(Object.entries(others).map(([key, value]) => [apiName(key), value]));
  },
});

/** https://developers.cloudflare.com/api/resources/d1/subresources/database/ */
export const d1Database: ResourceKind<Cloudflare> = {
  ...rest,
  async create(cloudflare, creation) {
    const made = await rest.create(cloudflare, creation);
    // Read replication can only be set on a database that exists.
    if (creation.inputs.readReplication === undefined || !rest.update) return made;
    const known = { id: made.id, inputs: creation.inputs, outputs: made.outputs };
    return rest.update(cloudflare, { id: made.id, inputs: creation.inputs, known });
  },
};
