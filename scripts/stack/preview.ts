import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { Change } from "../change/model.ts";
import { changeFromEvents } from "../change/read-events.ts";
import { type Dependent, tracingDependencies } from "./dependencies.ts";
import { openStack } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import { hashingSecrets } from "./secret-hashes.ts";
import type { StackTarget } from "./target.ts";

/** What a preview found. `events` are the engine's own, for whoever needs more than the change (cost, outputs). */
export interface Preview {
  change: Change;
  events: EngineEvent[];
  /** Resources that stay as they are and depend on one that changes. */
  dependents: Dependent[];
  seconds: number;
}

export interface PreviewOptions {
  /** Keys the hashes that stand for secrets in the change. */
  digestKey: string;
  /** Where to save the update plan that an apply then enforces. */
  planFile?: string;
  /** Look at the clouds first: what was changed by hand becomes part of the change. */
  refresh?: boolean;
  /** Called with the number of resources looked at so far. */
  onProgress?: (resources: number) => void;
  signal?: AbortSignal;
}

/**
 * Previews a stack with the real engine. Takes no lock and writes nothing to the backend but an empty stack where there
 * is none yet.
 *
 * @throws UserError `engine-failed` with the engine's own diagnostics, or another one of {@link engineFailure}
 */
export async function previewStack(target: StackTarget, options: PreviewOptions): Promise<Preview> {
  const started = performance.now();
  const hashing = hashingSecrets(target.program, options.digestKey);
  const tracing = tracingDependencies(hashing.program);
  const stack = await openStack({ ...target, program: tracing.program });
  const events: EngineEvent[] = [];
  let resources = 0;
  try {
    await stack.preview({
      plan: options.planFile,
      refresh: options.refresh,
      signal: options.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.resourcePreEvent) options.onProgress?.(++resources);
      },
    });
  } catch (error) {
    throw engineFailure("preview", target.name, events, error, options.signal);
  }
  const [dependencies] = await Promise.all([tracing.settled(), hashing.settled()]);
  const dependenciesOf = (urn: string) =>
    dependencies.get(urn.split("::").slice(-2).join("::").replace(/^.*\$/, "")) ?? [];
  const change = changeFromEvents(target.name, events, {
    hashSecret: hashing.hashSecret,
    dependencies: dependenciesOf,
  });
  return {
    change,
    events,
    dependents: dependentsOf(change, events, dependenciesOf),
    seconds: (performance.now() - started) / 1000,
  };
}

function dependentsOf(
  { steps }: Change,
  events: readonly EngineEvent[],
  dependenciesOf: (urn: string) => readonly string[],
): Dependent[] {
  const changed = new Set(steps.map(({ urn }) => urn));
  return events.flatMap(({ resourcePreEvent }) => {
    const metadata = resourcePreEvent?.metadata;
    if (metadata?.op !== "same" || changed.has(metadata.urn)) return [];
    const dependencies = dependenciesOf(metadata.urn);
    if (!dependencies.some((urn) => changed.has(urn))) return [];
    const name = metadata.urn.split("::").slice(3).join("::");
    return [{ urn: metadata.urn, name, type: metadata.type, dependencies }];
  });
}
