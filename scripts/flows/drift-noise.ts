import type { Step } from "../change/model.ts";
import { segmentsOf } from "../change/paths.ts";

/** One property that changes without anybody having changed the resource. */
export interface Noise {
  /** Pulumi's type token; `*` at its end stands for every type of a provider. */
  type: string;
  /** The property, the first part of its path. */
  property: string;
  /** Who changes it, and what looks after it instead. */
  reason: string;
}

/**
 * Everything that the drift check looks past. A line more needs its reason: what is in this list, nobody will be told of.
 */
export const NOISE: readonly Noise[] = [
  {
    type: "cloudflare:*",
    property: "modifiedOn",
    reason: "Cloudflare's own clock of the last change; what was changed differs by itself.",
  },
  {
    type: "cloudflare:*",
    property: "commentModifiedOn",
    reason: "The same clock for a DNS record's comment.",
  },
  { type: "cloudflare:*", property: "tagsModifiedOn", reason: "The same clock for a DNS record's tags." },
  {
    type: "cloudflare:index/zone:Zone",
    property: "activatedOn",
    reason: "Set by Cloudflare when it sees the name servers, some time after the zone was made.",
  },
  {
    type: "cloudflare:index/pagesProject:PagesProject",
    property: "canonicalDeployment",
    reason: "Every deployment of a site changes it; what is live is compared with the release instead.",
  },
  {
    type: "cloudflare:index/pagesProject:PagesProject",
    property: "latestDeployment",
    reason: "Every deployment of a site changes it, previews of pull requests too.",
  },
  {
    type: "cloudflare:index/pagesProject:PagesProject",
    property: "domains",
    reason: "Follows the project's domains, which are resources of their own and compared as such.",
  },
  {
    type: "cloudflare:index/pagesProject:PagesProject",
    property: "usesFunctions",
    reason: "Cloudflare finds it out with each upload.",
  },
  {
    type: "cloudflare:index/ruleset:Ruleset",
    property: "lastUpdated",
    reason: "Cloudflare's own clock; the rules are compared.",
  },
  {
    type: "cloudflare:index/ruleset:Ruleset",
    property: "version",
    reason: "Counts Cloudflare's own updates of managed rulesets too; the rules are compared.",
  },
  {
    type: "cloudflare:index/d1Database:D1Database",
    property: "fileSize",
    reason: "Grows with the data.",
  },
  {
    type: "cloudflare:index/d1Database:D1Database",
    property: "numTables",
    reason: "The Worker's migrations make tables.",
  },
  {
    type: "cloudflare:index/queue:Queue",
    property: "consumers",
    reason: "The deployment of a Worker attaches it; not a part of the stack.",
  },
  {
    type: "cloudflare:index/queue:Queue",
    property: "consumersTotalCount",
    reason: "Counts what the deployments of Workers attach.",
  },
  {
    type: "cloudflare:index/queue:Queue",
    property: "producers",
    reason: "The deployment of a Worker attaches it; not a part of the stack.",
  },
  {
    type: "cloudflare:index/queue:Queue",
    property: "producersTotalCount",
    reason: "Counts what the deployments of Workers attach.",
  },
  {
    type: "hcloud:index/primaryIp:PrimaryIp",
    property: "assigneeId",
    reason: "Set when a server takes the address; the server's own addresses are compared.",
  },
  {
    type: "hcloud:index/volume:Volume",
    property: "serverId",
    reason: "Set by the volume's attachment, a resource of its own that is compared.",
  },
  {
    type: "hcloud:index/firewall:Firewall",
    property: "applyTos",
    reason: "Set by the servers that name the firewall; each server's firewalls are compared.",
  },
  {
    type: "hcloud:index/placementGroup:PlacementGroup",
    property: "servers",
    reason: "Set by the servers that name the group; each server's group is compared.",
  },
];

/** The step without what is only noise; undefined where nothing else is left of it. */
export function withoutNoise(step: Step, noise: readonly Noise[] = NOISE): Step | undefined {
  const isGone = step.after === undefined;
  const diffs = step.diffs.filter(
    ({ path }) =>
      !noise.some(
        ({ type, property }) =>
          (type.endsWith("*") ? step.type.startsWith(type.slice(0, -1)) : step.type === type) &&
          String(segmentsOf(path)[0]) === property,
      ),
  );
  return isGone || diffs.length > 0 ? { ...step, diffs } : undefined;
}
