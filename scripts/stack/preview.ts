import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { Change } from "../change/model.ts";
import { changeFromEvents } from "../change/read-events.ts";
import { openStack } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import { hashingSecrets } from "./secret-hashes.ts";
import type { StackTarget } from "./target.ts";

/** What a preview found. `events` are the engine's own, for whoever needs more than the change (cost, outputs). */
export interface Preview {
  change: Change;
  events: EngineEvent[];
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
  const stack = await openStack({ ...target, program: hashing.program });
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
  await hashing.settled();
  return {
    change: changeFromEvents(target.name, events, { hashSecret: hashing.hashSecret }),
    events,
    seconds: (performance.now() - started) / 1000,
  };
}
