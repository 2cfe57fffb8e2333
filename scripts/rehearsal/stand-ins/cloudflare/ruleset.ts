import type { PropertyMap } from "../provider/property.ts";
import type { ResourceKind } from "../provider/resource.ts";
import type { Cloudflare } from "./client.ts";
import { type Rest, restResource } from "./rest.ts";

const common: Pick<Rest, "token" | "update"> = {
  token: "cloudflare:index/ruleset:Ruleset",
  update: "PUT",
};
const ofZone = restResource({
  ...common,
  scope: ["zoneId"],
  collection: ({ zoneId }) => `/zones/${zoneId}/rulesets`,
});
const ofAccount = restResource({
  ...common,
  scope: ["accountId"],
  collection: ({ accountId }) => `/accounts/${accountId}/rulesets`,
});

/** Imported by `zones/ZONE/RULESET` or `accounts/ACCOUNT/RULESET`; in the state the id is the ruleset's alone. */
function kindFor(...maps: PropertyMap[]): ResourceKind<Cloudflare> {
  return maps.some((map) => map.accountId !== undefined) ? ofAccount : ofZone;
}

/** A ruleset of a zone or of an account (https://developers.cloudflare.com/ruleset-engine/rulesets-api/). */
export const ruleset: ResourceKind<Cloudflare> = {
  create: (cloudflare, creation) => kindFor(creation.inputs).create(cloudflare, creation),
  read(cloudflare, known) {
    const [level, rest] = known.id.split(/\/(.*)/s);
    if (level === "accounts" && rest) return ofAccount.read(cloudflare, { ...known, id: rest });
    if (level === "zones" && rest) return ofZone.read(cloudflare, { ...known, id: rest });
    return kindFor(known.inputs, known.outputs).read(cloudflare, known);
  },
  async update(cloudflare, revision) {
    const kind = kindFor(revision.inputs);
    if (!kind.update) throw new Error("rulesets can be updated");
    return kind.update(cloudflare, revision);
  },
  delete: (cloudflare, known) => kindFor(known.inputs, known.outputs).delete(cloudflare, known),
};
