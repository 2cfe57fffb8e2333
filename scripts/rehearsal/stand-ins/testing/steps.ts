import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** What a run did or would do, by the resources' logical names. */
export interface Steps {
  /** Every operation of a resource in order, `same` left out: `app: create-replacement, replace, delete-replaced`. */
  operations: { [name: string]: string[] };
  /** The engine's detailed diffs, `app: { userData: "update-replace" }`. */
  diffs: { [name: string]: { [path: string]: string } };
  /** Inputs after the step, as the engine shows them. */
  inputs: { [name: string]: { [property: string]: unknown } };
  outputs: { [name: string]: { [property: string]: unknown } };
  errors: string[];
  onEvent(event: EngineEvent): void;
}

/** Gathers the steps of one run: pass its `onEvent` to the run. */
export function watchSteps(): Steps {
  const steps: Steps = { operations: {}, diffs: {}, inputs: {}, outputs: {}, errors: [], onEvent };
  function onEvent(event: EngineEvent): void {
    if (event.diagnosticEvent?.severity === "error") steps.errors.push(event.diagnosticEvent.message);
    const before = event.resourcePreEvent?.metadata;
    const after = event.resOutputsEvent?.metadata;
    const metadata = before ?? after;
    if (!metadata || metadata.type === "pulumi:pulumi:Stack" || metadata.type.startsWith("pulumi:providers:"))
      return;
    const name = metadata.urn.split("::").at(-1) ?? "";
    if (before && before.op !== "same") {
      steps.operations[name] = [...(steps.operations[name] ?? []), before.op];
      steps.inputs[name] = before.new?.inputs ?? {};
    }
    if (after) steps.outputs[name] = after.new?.outputs ?? {};
    // A refresh learns of the difference only by reading.
    for (const [path, { diffKind }] of Object.entries(metadata.detailedDiff ?? {})) {
      steps.diffs[name] = { ...steps.diffs[name], [path]: diffKind };
    }
  }
  return steps;
}
