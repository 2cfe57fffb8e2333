import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { StackOutputs } from "../../infra/src/outputs.ts";
import { STACK } from "../change/read-events.ts";
import { UserError } from "../errors.ts";
import { exportCheckpoint } from "./checkpoint.ts";
import type { StackTarget } from "./target.ts";

/**
 * The stack's outputs out of an update's events: the last word on the root resource. Saves the engine three processes
 * that would ask the backend for what it has just been told.
 */
export function outputsFromEvents(stack: string, events: readonly EngineEvent[]): StackOutputs {
  return parseOutputs(stack, rawOutputs(events) ?? {});
}

/**
 * The outputs as the last update left them, from the state: what is live, whatever the checkout says.
 *
 * @throws UserError `outputs-incomplete` where the stack was never applied, or what {@link exportCheckpoint} throws
 */
export async function outputsFromState(target: StackTarget): Promise<StackOutputs> {
  const { deployment } = await exportCheckpoint(target);
  const root = deployment.resources.find(({ type }) => type === STACK);
  return parseOutputs(target.name, root?.outputs ?? {});
}

/** The outputs as they were before a preview or an update, from its events; undefined where there were none of this shape. */
export function outputsBefore(events: readonly EngineEvent[]): StackOutputs | undefined {
  const root = rootEvent(events)?.old?.outputs;
  return StackOutputs.safeParse(root).data;
}

/** The outputs as the events have them: of any shape, and before an update with the engine's sentinels for what is unknown. */
export function rawOutputs(events: readonly EngineEvent[]): Record<string, unknown> | undefined {
  return rootEvent(events)?.new?.outputs;
}

/** The last word on the root resource, whose outputs are the stack's. */
function rootEvent(events: readonly EngineEvent[]): StepEventMetadata | undefined {
  const root = events.findLast(({ resOutputsEvent }) => resOutputsEvent?.metadata.type === STACK);
  return root?.resOutputsEvent?.metadata;
}

/** @throws UserError `outputs-incomplete` that names each output which is missing or of the wrong shape */
export function parseOutputs(stack: string, outputs: unknown): StackOutputs {
  const parsed = StackOutputs.safeParse(outputs);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "(all)"}: ${issue.message}`);
  throw new UserError(
    "outputs-incomplete",
    `The outputs of stack ${stack} are not what the deployment needs: ${problems.join("; ")}.`,
    "Apply the stack first; if it is applied, make infra/program.ts return what infra/src/outputs.ts describes.",
  );
}
