import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { openStack } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import { interruptedUpdate } from "./interrupted-update.ts";
import { outputsFromEvents } from "./outputs.ts";
import type { ProgramHooks, StackTarget } from "./target.ts";

export interface Applied {
  outputs: StackOutputs;
  /** Steps done, by the engine's words (`create`, `update`, `same`, …). */
  counts: Record<string, number>;
  seconds: number;
}

export interface ApplyOptions {
  /** A plan saved by a preview: the engine refuses any step that is not in it. */
  planFile?: string;
  message?: string;
  onProgress?: (done: number, name: string) => void;
  /** Aborting interrupts the engine: it ends the step that it is in, saves the state and gives the lock back. */
  signal?: AbortSignal;
  /** One that fails interrupts the engine in the same way. */
  hooks?: ProgramHooks;
}

/**
 * Applies a stack with the real engine and reads its outputs.
 *
 * @throws UserError as {@link engineFailure} makes it; steps that were done stay done and are in the state
 */
export async function applyStack(target: StackTarget, options: ApplyOptions = {}): Promise<Applied> {
  const started = performance.now();
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const hooks = stoppingHooks(options.hooks, failed);
  const stack = await openStack({ ...target, program: () => target.program(hooks) });
  // Stack.up asks the backend for outputs and history afterwards, three processes; the events have told already.
  stack.outputs = async () => ({});
  stack.info = async () => undefined;
  const events: EngineEvent[] = [];
  let done = 0;
  try {
    await stack.up({
      plan: options.planFile,
      message: options.message,
      signal,
      onEvent: (event) => {
        events.push(event);
        const step = event.resOutputsEvent?.metadata;
        if (step && step.op !== "same") options.onProgress?.(++done, step.urn.split("::").at(-1) ?? step.urn);
      },
    });
  } catch (error) {
    const failure = engineFailure("apply", target.name, events, error, signal);
    throw options.planFile && failure === signal.reason
      ? interruptedUpdate(failure, target.name, options.planFile, events)
      : failure;
  }
  const summary = events.findLast((event) => event.summaryEvent)?.summaryEvent;
  return {
    outputs: outputsFromEvents(target.name, events),
    counts: Object.fromEntries(Object.entries(summary?.resourceChanges ?? {}).map(([op, n]) => [op, n ?? 0])),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The engine waits for ever for a resource that the program does not come to: it has to be told. */
function stoppingHooks({ untilHealthy }: ProgramHooks = {}, failed: AbortController): ProgramHooks {
  if (!untilHealthy) return {};
  return {
    async untilHealthy(server) {
      try {
        await untilHealthy(server);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    },
  };
}
