import type { PropertyMap } from "../provider/property.ts";
import { toApi } from "./names.ts";
import { restResource } from "./rest.ts";

/** https://developers.cloudflare.com/api/resources/zones/ */
export const zone = restResource({
  token: "cloudflare:index/zone:Zone",
  scope: [],
  collection: () => "/zones",
  update: "PATCH",
  body(inputs, when) {
    const { account, name, type, paused, vanityNameServers } = inputs;
    const body: PropertyMap = {};
    if (when === "create" && name !== undefined && account !== undefined)
      Object.assign(body, { name, account: toApi(account) });
    if (type !== undefined) body.type = type;
    if (when === "update") {
      if (paused !== undefined) body.paused = paused;
      if (vanityNameServers !== undefined) body.vanity_name_servers = vanityNameServers;
    }
    return body;
  },
});
