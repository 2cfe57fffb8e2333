import { PlacementGroup } from "@pulumi/hcloud/placementGroup.js";
import { labels, type Owner, physicalName } from "./labels.ts";
import type { Location } from "./location.ts";

/**
 * Keeps the stack's servers on different hosts of the data centre. A location has a group of its own: Hetzner does not say
 * whether one may have servers in two, as it would while they move.
 */
export function spreadPlacement(name: string, owner: Owner, location: Location): PlacementGroup {
  const resource = `${name}-${location}`;
  return new PlacementGroup(resource, {
    name: physicalName(owner, resource),
    type: "spread",
    labels: labels(owner, resource),
  });
}
