import type { Fingerprint, StepMark } from "./digest.ts";
import type { Operation } from "./model.ts";

/** One step in which the change now is another than the reviewed one. */
export interface StepDifference {
  urn: string;
  kind: "new" | "gone" | "other";
  /** The operation that was reviewed; missing for a new step. */
  reviewed?: Operation;
  /** The operation now; missing for a step that is gone. */
  now?: Operation;
}

export interface Comparison {
  /** The digests are equal: what was reviewed is what would be done. */
  same: boolean;
  differences: StepDifference[];
  /** The changed stack outputs differ. */
  outputs: boolean;
  /** There are differences in steps that had no room in a fingerprint, so that they can't be named. */
  unnamed: boolean;
}

/** Tells whether a change is the reviewed one, and if not, names each step that is new, gone or other. */
export function compareChanges(reviewed: Fingerprint, now: Fingerprint): Comparison {
  if (reviewed.digest === now.digest && reviewed.stack === now.stack)
    return { same: true, differences: [], outputs: false, unnamed: false };

  const before = byStep(reviewed);
  const after = byStep(now);
  const differences: StepDifference[] = [];
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, mark]) => mark);
  for (const [key, mark] of after) {
    const known = before.get(key);
    if (known) {
      if (known.hash !== mark.hash || known.operation !== mark.operation)
        differences.push({ urn: mark.urn, kind: "other", reviewed: known.operation, now: mark.operation });
    } else if (!reviewed.rest) differences.push({ urn: mark.urn, kind: "new", now: mark.operation });
  }
  if (!now.rest)
    for (const mark of gone) differences.push({ urn: mark.urn, kind: "gone", reviewed: mark.operation });
  const outputs = reviewed.outputs !== now.outputs;
  const restDiffers = reviewed.rest?.hash !== now.rest?.hash;
  return {
    same: false,
    differences,
    outputs,
    unnamed: restDiffers || (differences.length === 0 && !outputs),
  };
}

/** A URN has one step, but for a leftover of an earlier replacement that is deleted beside it. */
function byStep(fingerprint: Fingerprint): Map<string, StepMark> {
  const steps = new Map<string, StepMark>();
  for (const mark of fingerprint.steps) {
    const taken = steps.has(mark.urn);
    steps.set(taken ? `${mark.urn} ${mark.operation}` : mark.urn, mark);
  }
  return steps;
}
