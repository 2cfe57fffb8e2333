import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { StackOutputs } from "../../infra/src/outputs.ts";
import { UserError } from "../errors.ts";

/**
 * The stack's outputs out of an update's events: the last word on the root resource. Saves the engine three processes
 * that would ask the backend for what it has just been told.
 */
export function outputsFromEvents(stack: string, events: readonly EngineEvent[]): StackOutputs {
  return parseOutputs(stack, rawOutputs(events) ?? {});
}

/** The outputs as the events have them: of any shape, and before an update with the engine's sentinels for what is unknown. */
export function rawOutputs(events: readonly EngineEvent[]): Record<string, unknown> | undefined {
  const root = events.findLast(
    ({ resOutputsEvent }) => resOutputsEvent?.metadata.type === "pulumi:pulumi:Stack",
  );
  return root?.resOutputsEvent?.metadata.new?.outputs;
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
