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
  /** A release's, `v1.4.0`. */
  tag?: string;
  stack: string;
  /**
   * The whole state's ({@link checkpointOf}): with it a digest fits only the very state that it was made from. Without it,
   * what the change leaves alone may move; what it touches may not, as each step's own state is in its hash.
   */
  checkpoint?: string;
}

/** A step as a fingerprint has it. */
export interface StepMark {
  urn: string;
  operation: Operation;
  /** 16 hex digits over the step's meaning. */
  hash: string;
  /** Where values are not known yet; missing where all are. */
  open?: {
    paths: string[];
    /** As {@link StepMark.hash}, whatever comes to these paths. */
    hash: string;
  };
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
 * new value, and the changed outputs. Secrets take part by their own keyed hash, unknown values as unknown. The state that
 * it was made from takes part too: the id and all inputs, unchanged ones too, of every resource that is touched. A Pulumi
 * plan pins none of that, and applies 31 → 20 where 12 → 20 was seen.
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
    .map((step) => {
      const paths = openPaths(step);
      return {
        urn: step.urn,
        operation: step.operation,
        hash: stepHash(step, salt),
        ...(paths.length > 0 ? { open: { paths, hash: openHash(step, paths, salt) } } : {}),
      };
    });
}

/** Whether a step is the one of a fingerprint, with values where that one had none yet, and nothing else. */
export function isFilledIn(step: Step, reviewed: Fingerprint, salt: Salt): boolean {
  const mark = reviewed.steps.find(({ urn, operation }) => urn === step.urn && operation === step.operation);
  return mark?.open !== undefined && openHash(step, mark.open.paths, salt) === mark.open.hash;
}

function stepHash(step: Step, salt: Salt): string {
  return hmac(salt.key, JSON.stringify([place(salt), meaning(step)]), 16);
}

/** The step's hash without what stands at or below some paths. */
function openHash(step: Step, paths: readonly string[], salt: Salt): string {
  const open = paths.map(segmentsOf);
  const isOpen = (path: string) => {
    const segments = segmentsOf(path);
    return open.some((prefix) => prefix.every((segment, index) => segment === segments[index]));
  };
  const closed = { ...step, diffs: step.diffs.filter(({ path }) => !isOpen(path)) };
  return hmac(salt.key, JSON.stringify(["open", place(salt), paths, meaning(closed)]), 16);
}

function openPaths(step: Step): string[] {
  const isOpen = (value: Value | undefined): boolean => {
    if (isUnknown(value)) return true;
    if (isSecret(value)) return value.$secret === "";
    return typeof value === "object" && value !== null && Object.values(value).some(isOpen);
  };
  return step.diffs
    .filter(({ after }) => isOpen(after))
    .map(({ path }) => path)
    .sort();
}

function digestOf(marks: readonly StepMark[], outputs: string, salt: Salt): string {
  // Not in the marks: where the state has moved elsewhere, the steps themselves are the same ones.
  const from = salt.checkpoint ?? null;
  return hmac(
    salt.key,
    JSON.stringify(["change", 1, place(salt), from, marks.map(markText).sort(), outputs]),
  );
}

function outputsHash(change: Change, salt: Salt): string {
  return hmac(salt.key, JSON.stringify([place(salt), diffTexts("pulumi:pulumi:Stack", change.outputs)]), 16);
}

function place({ repository, pullRequest, tag, stack }: Salt): unknown[] {
  return [repository ?? null, pullRequest ?? null, tag ?? null, stack];
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
    step.id ?? null,
    step.before ? ordered(step.before, "", readingOf(step.type)) : null,
  ];
}

/** How the properties of a type are read: which lists are sets, and what does not count. */
interface Reading {
  isSet(names: string): boolean;
  isByDesign(names: string): boolean;
}

function readingOf(type: string): Reading {
  return { isSet: setsOf(type), isByDesign: (names) => byDesign(type, names) };
}

function diffTexts(type: string, diffs: readonly PropertyDiff[]): string[] {
  const reading = readingOf(type);
  return diffs
    .filter((diff) => !byDesign(type, diff.path))
    .map((diff) => {
      const { path, names } = placeOf(diff.path, reading.isSet);
      return JSON.stringify([
        path,
        diff.kind,
        diff.replaces,
        diff.before === undefined ? null : ordered(diff.before, names, reading),
        diff.after === undefined ? null : ordered(diff.after, names, reading),
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

/** Canonical text in which sets have no order and what a commit changes by design is not there. */
function ordered(value: Value, names: string, reading: Reading): string {
  if (typeof value !== "object" || value === null || isSecret(value) || isUnknown(value))
    return canonical(value);
  if (Array.isArray(value)) {
    const elements = value.map((element) => ordered(element, names, reading));
    return `[${(reading.isSet(names) ? elements.sort() : elements).join(",")}]`;
  }
  return `{${Object.entries(value)
    .map(([key, member]) => ({ key, member, path: pathOfKey(names, key) }))
    .filter(({ path }) => !reading.isByDesign(path))
    .map(({ key, member, path }) => `${JSON.stringify(key)}:${ordered(member, path, reading)}`)
    .sort()
    .join(",")}}`;
}

function hmac(key: string, text: string, digits = 64): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, digits);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
