import type {
  EngineEvent,
  StepEventMetadata,
  StepEventStateMetadata,
} from "@pulumi/pulumi/automation/index.js";
import { conceal } from "./conceal.ts";
import { propertiesFromEngine } from "./engine-values.ts";
import type { Value } from "./model.ts";

export type Side = "before" | "after";

/** What the events don't say themselves. */
export interface ReadOptions {
  /**
   * The keyed hash (16 hex digits) of the secret at a path of a resource's inputs (or of the stack's outputs), before or
   * after the change; undefined where it can't be known.
   */
  hashSecret(urn: string, path: string, side: Side): string | undefined;
  /** The same keyed hash for a text that was in clear and is hidden here. Without it such a value's change is not told. */
  hashText?(text: string): string;
  /** The resources that one depends on, from the plan or the state: events don't say. */
  dependencies?(urn: string): readonly string[];
}

/** One resource as the stack has it before and after the change; `before` is missing for a new one, `after` for a deleted one. */
export interface Resource {
  urn: string;
  type: string;
  before?: { [property: string]: Value };
  after?: { [property: string]: Value };
}

/** Every resource of a preview, unchanged ones too: for costs. Components and providers are left out. */
export function resourcesFromEvents(events: readonly EngineEvent[], options: ReadOptions): Resource[] {
  const resources = new Map<string, Resource>();
  for (const event of events) {
    const metadata = event.resourcePreEvent?.metadata;
    if (!metadata || metadata.op === "refresh" || isProvider(metadata.type)) continue;
    const state = metadata.new ?? metadata.old;
    if (!state?.custom) continue;
    const { before, after } = inputsOf(metadata, options);
    const known = resources.get(metadata.urn);
    resources.set(metadata.urn, {
      urn: metadata.urn,
      type: metadata.type,
      before: known?.before ?? before,
      after: known?.after ?? after,
    });
  }
  return [...resources.values()];
}

export function isProvider(type: string): boolean {
  return type.startsWith("pulumi:providers:");
}

/** A step's inputs on both sides, with markers, and the texts that became hidden. */
export function inputsOf(
  metadata: Pick<StepEventMetadata, "urn"> & {
    old?: StepEventStateMetadata | null;
    new?: StepEventStateMetadata | null;
  },
  options: ReadOptions,
  kind: "inputs" | "outputs" = "inputs",
): ReturnType<typeof conceal> {
  const read = (state: StepEventStateMetadata | null | undefined, side: Side) =>
    propertiesFromEngine(state?.[kind], (path) => options.hashSecret(metadata.urn, path, side));
  return conceal(
    read(metadata.old, "before"),
    read(metadata.new, "after"),
    (value, path, side) =>
      options.hashSecret(metadata.urn, path, side) ??
      options.hashText?.(typeof value === "string" ? value : JSON.stringify(value)) ??
      "",
  );
}
