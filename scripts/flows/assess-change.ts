import { estimateCost } from "../change/cost.ts";
import { findHazards } from "../change/hazards/index.ts";
import { DURABLE_OBJECT_CLASS } from "../change/hazards/stateful.ts";
import type { Change, Cost, Hazard, Step } from "../change/model.ts";
import { resourcesFromEvents } from "../change/read-resources.ts";
import type { Context } from "../context.ts";
import { classDeletions, everDeletesClasses } from "../edge/class-deletions.ts";
import { type EdgeParts, findParts } from "../edge/parts.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { readCatalogue } from "../providers/hetzner.ts";
import { planCosts } from "../providers/plans.ts";
import { rawOutputs } from "../stack/outputs.ts";
import type { Preview } from "../stack/preview.ts";
import { type Project, stackSetting } from "../stack/stacks.ts";
import { shapedOutputs } from "./edge-changes.ts";
import type { OpenedStack } from "./environment.ts";
import { hazardRules } from "./hazard-rules.ts";
import { readPolicy } from "./policy.ts";

/** A change as it is judged: with what the edge would delete, what it costs, and what is dangerous about it. */
export interface Assessment {
  /** The engine's change, and one step more for each Durable Object class that the deployment would delete. */
  change: Change;
  cost: Cost;
  hazards: Hazard[];
}

/**
 * Judges what a preview found; the same for a pull request's preview, for a release's plan, and for the deployment that
 * compares itself with either.
 *
 * @throws UserError `hetzner-refused`, `hetzner-unreachable`, `policy-invalid`, `rule-invalid`
 */
export async function assessChange(
  context: Context,
  project: Project,
  stack: OpenedStack,
  preview: Preview,
): Promise<Assessment> {
  const { limits } = readPolicy(project, stack.name);
  const [catalogue, deletions, rules] = await Promise.all([
    readCatalogue(
      stack.secrets.require("HCLOUD_TOKEN"),
      context.now(),
      planCosts((key) => stackSetting(project, stack.name, key)),
      stack.secrets.get("HCLOUD_ENDPOINT"),
    ),
    deletedClasses(findParts(stack.dir, context.root), stack, preview),
    hazardRules(context.root),
  ]);
  const change = { ...preview.change, steps: [...preview.change.steps, ...deletions] };
  const cost = estimateCost(resourcesFromEvents(preview.events, { hashSecret: () => undefined }), catalogue);
  return { change, cost, hazards: findHazards(change, cost, limits, rules) };
}

/** Durable Object classes are no resources of the engine; a migration of the Worker deletes them, with all they hold. */
async function deletedClasses(parts: EdgeParts, stack: OpenedStack, { events }: Preview): Promise<Step[]> {
  const workers = parts.workers.filter(everDeletesClasses);
  if (workers.length === 0) return [];
  const accountId = rawOutputs(events)?.accountId;
  const outputs = shapedOutputs(events);
  const api = cloudflare(
    stack.secrets.require("CLOUDFLARE_API_TOKEN"),
    stack.secrets.get("CLOUDFLARE_BASE_URL"),
  );
  const steps = await Promise.all(
    workers.map(async (worker): Promise<Step[]> => {
      const script = outputs?.workers[worker.name]?.scriptName;
      // A stack that has no such script yet has nothing in it to lose.
      if (typeof accountId !== "string" || script === undefined) return [];
      const live = await api.workerMigration(accountId, script);
      if (!live) return [];
      return classDeletions(worker, live.tag).map((name) => ({
        urn: `urn:quayside:${stack.name}::workers::${DURABLE_OBJECT_CLASS}::${script}.${name}`,
        type: DURABLE_OBJECT_CLASS,
        name: `${worker.name}.${name}`,
        operation: "delete",
        dependencies: [],
        protected: false,
        replaceKeys: [],
        diffs: [],
      }));
    }),
  );
  return steps.flat();
}
