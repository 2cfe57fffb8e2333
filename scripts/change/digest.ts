import { createHmac } from "node:crypto";
import { byDesign } from "./by-design.ts";
import { canonical } from "./canonical.ts";
import {
  type Change,
  isSecret,
  isUnknown,
  type Operation,
  type PropertyDiff,
  type Step,
  type Value,
} from "./model.ts";
import { pathOfKey, segmentsOf } from "./paths.ts";
import { setsOf } from "./sets.ts";

/** What ties a digest to one place, so that it can't be replayed in another. */
export interface Salt {
  /** Secret; without it nobody can find a secret's value by trying, nor make a digest that fits. */
  key: string;
  /** `owner/name`. */
  repository?: string;
  pullRequest?: number;
  stack: string;
  /** The state's own fingerprint. With it, a digest fits only the very state that it was made from, whatever the steps are. */
  checkpoint?: string;
}

/** A step as a fingerprint has it. */
export interface StepMark {
  urn: string;
  operation: Operation;
  /** 16 hex digits over the step's meaning. */
  hash: string;
}

/** A change made small: enough to tell later whether another change is the same one, and which steps differ. */
export interface Fingerprint {
  schema: 1;
  stack: string;
  digest: string;
  /** Over the changed stack outputs. */
  outputs: string;
  steps: StepMark[];
  /** Steps that had no room, as one hash. */
  rest?: { count: number; hash: string };
}

/**
 * A keyed hash (64 hex digits) over what a change means: each resource, operation, and changed property with its old and
 * new value, and the changed outputs. Secrets take part by their own keyed hash, unknown values as unknown.
 *
 * Not in it: the order of steps, properties and sets, diagnostics and all other text, what a refresh found (the steps that
 * follow from it are in), resources that stay as they are, and what a commit's own sha changes by design.
 */
export function digest(change: Change, salt: Salt): string {
  return digestOf(marksOf(change, salt), outputsHash(change, salt), salt);
}

/** GitHub takes 65,535 characters for a check run's text; some of it is for people. */
const FINGERPRINT_CHARACTERS = 50_000;

/** The fingerprint of a change; as JSON it has at most `limit` characters. What would destroy most keeps its name longest. */
export function fingerprint(change: Change, salt: Salt, limit = FINGERPRINT_CHARACTERS): Fingerprint {
  const marks = marksOf(change, salt);
  const outputs = outputsHash(change, salt);
  const whole: Fingerprint = {
    schema: 1,
    stack: change.stack,
    digest: digestOf(marks, outputs, salt),
    outputs,
    steps: [],
  };
  const named = [...marks].sort(
    (a, b) => RANK.indexOf(a.operation) - RANK.indexOf(b.operation) || compare(a.urn, b.urn),
  );
  const restRoom = 60;
  let size = JSON.stringify(whole).length + restRoom;
  let kept = 0;
  for (const mark of named) {
    size += JSON.stringify(mark).length + 1;
    if (size > limit) break;
    kept++;
  }
  const rest = named.slice(kept);
  return {
    ...whole,
    steps: named.slice(0, kept),
    ...(rest.length > 0
      ? { rest: { count: rest.length, hash: hmac(salt.key, rest.map(markText).sort().join("\n"), 16) } }
      : {}),
  };
}

const RANK: readonly Operation[] = ["delete", "replace", "update", "import", "create", "read", "refresh"];

function marksOf(change: Change, salt: Salt): StepMark[] {
  return change.steps
    .filter((step) => step.operation !== "refresh" && step.operation !== "read")
    .map((step) => ({
      urn: step.urn,
      operation: step.operation,
      hash: hmac(salt.key, JSON.stringify([place(salt), meaning(step)]), 16),
    }));
}

function digestOf(marks: readonly StepMark[], outputs: string, salt: Salt): string {
  return hmac(salt.key, JSON.stringify(["change", 1, place(salt), marks.map(markText).sort(), outputs]));
}

function outputsHash(change: Change, salt: Salt): string {
  return hmac(salt.key, JSON.stringify([place(salt), diffTexts("pulumi:pulumi:Stack", change.outputs)]), 16);
}

function place({ repository, pullRequest, stack, checkpoint }: Salt): unknown[] {
  return [repository ?? null, pullRequest ?? null, stack, checkpoint ?? null];
}

function markText(mark: StepMark): string {
  return `${mark.operation} ${mark.hash} ${mark.urn}`;
}

function meaning(step: Step): unknown[] {
  return [
    step.urn,
    step.type,
    step.operation,
    step.protected,
    step.wasProtected ?? step.protected,
    [...step.replaceKeys].sort(),
    diffTexts(step.type, step.diffs),
  ];
}

function diffTexts(type: string, diffs: readonly PropertyDiff[]): string[] {
  const isSet = setsOf(type);
  return diffs
    .filter((diff) => !byDesign(type, diff.path))
    .map((diff) => {
      const { path, names } = placeOf(diff.path, isSet);
      return JSON.stringify([
        path,
        diff.kind,
        diff.replaces,
        diff.before === undefined ? null : ordered(diff.before, names, isSet),
        diff.after === undefined ? null : ordered(diff.after, names, isSet),
        diff.movedFrom ?? null,
      ]);
    })
    .sort();
}

/** The path with `*` for a position in a set. */
function placeOf(path: string, isSet: (names: string) => boolean): { path: string; names: string } {
  let names = "";
  const segments = segmentsOf(path).map((segment) => {
    if (typeof segment === "number") return isSet(names) ? "*" : segment;
    names = pathOfKey(names, segment);
    return segment;
  });
  return { path: JSON.stringify(segments), names };
}

/** Canonical text in which sets have no order. */
function ordered(value: Value, names: string, isSet: (names: string) => boolean): string {
  if (typeof value !== "object" || value === null || isSecret(value) || isUnknown(value))
    return canonical(value);
  if (Array.isArray(value)) {
    const elements = value.map((element) => ordered(element, names, isSet));
    return `[${(isSet(names) ? elements.sort() : elements).join(",")}]`;
  }
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${ordered(member, pathOfKey(names, key), isSet)}`)
    .sort()
    .join(",")}}`;
}

function hmac(key: string, text: string, digits = 64): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, digits);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
