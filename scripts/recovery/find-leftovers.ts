import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import pLimit from "p-limit";
import type { PendingOperation, StateResource } from "../stack/checkpoint.ts";
import { type Goal, isUnknown, wantedInputs } from "../stack/plan-goals.ts";
import type { Adoption } from "../stack/repair.ts";
import type { Clouds } from "./adoption/rule.ts";
import { ADOPTION_RULES } from "./adoption/rules.ts";

/** How many looks are taken at once; the clouds limit calls by the hour. */
const PARALLEL = 8;
const MAKES = new Set(["create", "create-replacement"]);

/**
 * Looks in the clouds for what a preview is about to make: what is there already was made by an update that could not tell
 * anybody any more.
 *
 * @param events of that preview: they have the ids and inputs that the state knows
 */
export async function findLeftovers(
  clouds: Clouds,
  goals: ReadonlyMap<string, Goal>,
  events: readonly EngineEvent[],
): Promise<Adoption[]> {
  const stated = new Map(
    events.flatMap(({ resourcePreEvent }) => {
      const old = resourcePreEvent?.metadata.old;
      return old ? [[resourcePreEvent.metadata.urn, old] as const] : [];
    }),
  );
  const atOnce = pLimit(PARALLEL);
  const looks = [...goals].flatMap(([urn, goal]) => {
    const rule = ADOPTION_RULES.get(goal.type);
    if (!rule || !goal.custom || !goal.steps.some((step) => MAKES.has(step))) return [];
    const known = stated.get(urn);
    const wanted = wantedInputs(goal, known?.inputs);
    if (rule.by.some((input) => wanted[input] === undefined || isUnknown(wanted[input]))) return [];
    return [
      atOnce(async (): Promise<Adoption | undefined> => {
        const found = await rule.find(clouds, wanted);
        // By a name that is given once one finds what is to be replaced, too.
        return found && found.id !== known?.id ? { urn, ...found } : undefined;
      }),
    ];
  });
  return (await Promise.all(looks)).filter((adoption) => adoption !== undefined);
}

/**
 * Looks in the clouds for what an update was making when it was cut off, and that the program of now does not want: another
 * commit's, on the way back from it.
 */
export async function findUnwanted(
  clouds: Clouds,
  goals: ReadonlyMap<string, Goal>,
  pending: readonly PendingOperation[],
): Promise<StateResource[]> {
  const looks = pending.map(async ({ type, resource }) => {
    const rule = ADOPTION_RULES.get(resource.type);
    const { inputs = {} } = resource;
    if (type !== "creating" || goals.has(resource.urn) || !rule?.by.every((input) => input in inputs)) return;
    const found = await rule.find(clouds, inputs);
    return found && { ...resource, id: found.id, outputs: { ...inputs, ...found.outputs } };
  });
  return (await Promise.all(looks)).filter((resource) => resource !== undefined);
}
