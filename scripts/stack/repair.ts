import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Checkpoint, PendingOperation, StateResource } from "./checkpoint.ts";
import { type Goal, isUnknown, wantedInputs } from "./plan-goals.ts";

/** A resource that a cloud has and the state does not. */
export interface Adoption {
  urn: string;
  /** By which the provider finds it. */
  id: string;
  /** Inputs that it does not have as the program wants them, and that no reading will show: the next update sets them. */
  unlike?: readonly string[];
  /** Outputs by which the provider finds it, besides the id. */
  outputs?: Readonly<Record<string, unknown>>;
}

export interface Repaired {
  checkpoint: Checkpoint;
  /** URNs of what is new in the state; to be refreshed, since only the cloud knows their properties. */
  adopted: string[];
  /** The operations of which nobody knew how they ended; they are taken out. */
  settled: PendingOperation[];
}

/**
 * Brings a state up to what is known by other means: puts found resources in, as the plan's goals want them, and takes pending
 * operations out. Pure but for the ids of providers that the state lacks.
 *
 * A found resource goes in with everything that must stand before it: its provider, its parents. One that was made to
 * replace another takes that one's place, which the engine then deletes, as it would have.
 *
 * @param unwanted resources with their ids that a cloud has and the program does not want; known to the state, the next update
 * deletes them
 */
export function repairCheckpoint(
  checkpoint: Checkpoint,
  goals: ReadonlyMap<string, Goal>,
  adoptions: readonly Adoption[],
  unwanted: readonly StateResource[] = [],
): Repaired {
  const resources: StateResource[] = checkpoint.deployment.resources.map((resource) => ({ ...resource }));
  const living = new Map(
    resources.flatMap((resource) => (resource.delete ? [] : [[resource.urn, resource] as const])),
  );
  const wanted = new Map(adoptions.map((adoption) => [adoption.urn, adoption]));
  const adopted: string[] = [];

  const put = (resource: StateResource): void => {
    resources.push(resource);
    living.set(resource.urn, resource);
  };

  const providerFor = (goal: Goal): string | undefined => {
    if (!goal.custom || goal.type.startsWith("pulumi:providers:")) return undefined;
    const type = `pulumi:providers:${goal.type.split(":")[0]}`;
    const named = goal.provider?.split("::").slice(0, -1).join("::");
    const planned = [...goals].find(([, { type: each }]) => each === type)?.[0];
    const urns = [named, planned, resources.find((resource) => resource.type === type)?.urn];
    const known = urns.map((urn) => (urn ? living.get(urn) : undefined)).find((each) => each !== undefined);
    if (known?.id) return `${known.urn}::${known.id}`;
    const fresh = planned ? goals.get(planned) : undefined;
    if (!planned || !fresh) return undefined;
    const id = randomUUID();
    const inputs = wantedInputs(fresh);
    put({ urn: planned, custom: true, id, type, inputs, outputs: inputs });
    return `${planned}::${id}`;
  };

  const place = (urn: string): void => {
    const goal = goals.get(urn);
    const adoption = wanted.get(urn);
    const before = living.get(urn);
    if (!goal || (before && (!adoption || before.id === adoption.id))) return;
    if (goal.custom && !adoption) return;
    if (goal.parent) place(goal.parent);
    // What it depends on may be found in the same go. What is still missing, the next update puts in by itself.
    for (const dependency of goal.dependencies) if (wanted.has(dependency)) place(dependency);
    if (before) before.delete = true;
    put(
      entryOf(urn, goal, adoption, before, {
        provider: providerFor(goal),
        isThere: (each) => living.has(each),
      }),
    );
    if (adoption) adopted.push(urn);
  };
  for (const { urn } of adoptions) place(urn);
  for (const resource of unwanted) {
    if (living.has(resource.urn)) continue;
    put(withWhatIsThere(resource, (urn) => living.has(urn)));
    adopted.push(resource.urn);
  }

  return {
    checkpoint: {
      ...checkpoint,
      deployment: { ...checkpoint.deployment, resources, pending_operations: [] },
    },
    adopted,
    settled: checkpoint.deployment.pending_operations,
  };
}

/** The engine takes no state that names what is not in it. */
function withWhatIsThere(resource: StateResource, isThere: (urn: string) => boolean): StateResource {
  const { parent, ...rest } = resource;
  const there = z.array(z.string()).catch([]).parse(resource.dependencies).filter(isThere);
  return {
    ...rest,
    ...(parent && isThere(parent) ? { parent } : {}),
    dependencies: there,
    propertyDependencies: {},
  };
}

function entryOf(
  urn: string,
  goal: Goal,
  adoption: Adoption | undefined,
  before: StateResource | undefined,
  state: { provider: string | undefined; isThere(urn: string): boolean },
): StateResource {
  const inputs = Object.fromEntries(
    Object.entries(wantedInputs(goal, before?.inputs)).filter(
      ([key, value]) => !isUnknown(value) && !adoption?.unlike?.includes(key),
    ),
  );
  const there = (urns: readonly string[] | null) => (urns ?? []).filter(state.isThere);
  const propertyDependencies = Object.fromEntries(
    Object.entries(goal.propertyDependencies).map(([key, urns]) => [key, there(urns)]),
  );
  return {
    urn,
    custom: goal.custom,
    type: goal.type,
    ...(goal.parent && state.isThere(goal.parent) ? { parent: goal.parent } : {}),
    ...(goal.custom ? { inputs, outputs: { ...inputs, ...adoption?.outputs } } : {}),
    ...(adoption ? { id: adoption.id } : {}),
    ...(state.provider ? { provider: state.provider } : {}),
    ...(goal.protect ? { protect: true } : {}),
    dependencies: there(goal.dependencies),
    propertyDependencies,
    ...(goal.additionalSecretOutputs.length > 0
      ? { additionalSecretOutputs: goal.additionalSecretOutputs }
      : {}),
  };
}
