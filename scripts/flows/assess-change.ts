import { estimateCost } from "../change/cost.ts";
import { findHazards } from "../change/hazards/index.ts";
import type { Cost, Hazard } from "../change/model.ts";
import { resourcesFromEvents } from "../change/read-resources.ts";
import type { Context } from "../context.ts";
import { readCatalogue } from "../providers/hetzner.ts";
import type { Preview } from "../stack/preview.ts";
import type { OpenedStack } from "./environment.ts";
import { LIMITS } from "./limits.ts";

/** What a change costs and what in it is dangerous, by Hetzner's price list of this hour. */
export async function assessChange(
  context: Context,
  { secrets }: OpenedStack,
  { change, events }: Preview,
): Promise<{ cost: Cost; hazards: Hazard[] }> {
  const token = secrets.require("HCLOUD_TOKEN");
  const catalogue = await readCatalogue(token, context.now(), [], secrets.get("HCLOUD_ENDPOINT"));
  const cost = estimateCost(resourcesFromEvents(events, { hashSecret: () => undefined }), catalogue);
  return { cost, hazards: findHazards(change, cost, LIMITS) };
}
