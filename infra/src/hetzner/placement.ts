import { PlacementGroup } from "@pulumi/hcloud/placementGroup.js";
import { labels, type Owner, physicalName } from "./labels.ts";

/** Keeps the stack's servers on different hosts of the data centre. */
export function spreadPlacement(name: string, owner: Owner): PlacementGroup {
  return new PlacementGroup(name, {
    name: physicalName(owner, name),
    type: "spread",
    labels: labels(owner, name),
  });
}
