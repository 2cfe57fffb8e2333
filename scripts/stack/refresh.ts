import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { openStack } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import type { StackTarget } from "./target.ts";

/**
 * Lets the state take note of what is in the clouds, so that the next preview compares the code with that and not with
 * what the last update left. Changes the state alone, under its lock.
 *
 * @param options.urns only these; at least one
 * @returns how many resources were found different
 * @throws UserError as {@link engineFailure} makes it
 */
export async function refreshStack(
  target: StackTarget,
  options: { urns?: readonly string[]; signal?: AbortSignal } = {},
): Promise<number> {
  const { urns, signal } = options;
  const stack = await openStack(target);
  stack.outputs = async () => ({});
  stack.info = async () => undefined;
  const events: EngineEvent[] = [];
  try {
    await stack.refresh({
      // With the program: a provider gets its credentials from there and not from the state, which has those of another run.
      runProgram: true,
      ...(urns ? { target: [...urns] } : {}),
      signal,
      onEvent: (event) => void events.push(event),
    });
  } catch (error) {
    throw engineFailure("refresh", target.name, events, error, signal);
  }
  const changes = events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  return Object.entries(changes).reduce((sum, [op, count]) => (op === "same" ? sum : sum + (count ?? 0)), 0);
}
