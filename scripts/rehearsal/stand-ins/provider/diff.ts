import type { PropertySchema, ResourceSchema, Shape } from "../schema.ts";
import { join } from "./check.ts";
import { equal, isNothing, keysOf, unmatched } from "./equal.ts";
import {
  DEFAULTS_KEY,
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Secret,
  UNKNOWN,
} from "./property.ts";

/** One difference, at the finest path that is known. */
export interface PropertyDifference {
  kind: "add" | "update" | "delete";
  replaces: boolean;
  /** The old value was an input of the program; otherwise it is what the cloud last said. */
  fromInput: boolean;
}

export interface Difference {
  /** By property path, `rules[0].port`, `labels["odd key"]`. */
  details: Map<string, PropertyDifference>;
  /** Top-level properties that changed, and those of them that force a replacement. */
  changed: string[];
  replaces: string[];
  /** Top-level properties that an update cannot change: their outputs stay known in a preview. */
  stables: string[];
  deleteBeforeReplace: boolean;
}

/**
 * What a change of inputs means, by the schema.
 *
 * A property that the program leaves out counts as removed only where the provider would not fill it in by itself.
 * One that the program newly sets is compared with what the cloud last said. A replacement goes through
 * delete-before-create only where the bridge does so: resources of its older half whose name the program gave itself,
 * because the cloud would refuse a second one of that name.
 */
export function diff(
  schema: ResourceSchema,
  olds: { inputs: PropertyMap; outputs: PropertyMap },
  news: PropertyMap,
  ignoreChanges: string[] = [],
): Difference {
  const details = new Map<string, PropertyDifference>();
  for (const key of keysOf(olds.inputs, news)) {
    const property = schema.properties[key];
    if (!property?.input || key === DEFAULTS_KEY) continue;
    const fromInput = olds.inputs[key] !== undefined;
    const before = olds.inputs[key] ?? (news[key] === undefined ? undefined : olds.outputs[key]);
    const found = new Map<string, PropertyDifference["kind"]>();
    compareProperty(property, key, before, news[key], found);
    for (const [path, kind] of found) {
      if (ignoreChanges.some((ignored) => within(path, ignored))) continue;
      details.set(path, { kind, replaces: property.replace, fromInput });
    }
  }

  const top = (path: string): string => path.split(/[.[]/, 1)[0] ?? path;
  const unique = (paths: string[]): string[] => [...new Set(paths.map(top))].sort();
  const replaces = unique([...details].filter(([, detail]) => detail.replaces).map(([path]) => path));
  return {
    details,
    changed: unique([...details.keys()]),
    replaces,
    stables: Object.entries(schema.properties)
      .filter(([key, property]) => property.replace && !replaces.includes(key))
      .map(([key]) => key),
    deleteBeforeReplace: replaces.length > 0 && hasFixedName(schema, news),
  };
}

function hasFixedName(schema: ResourceSchema, news: PropertyMap): boolean {
  const filled = news[DEFAULTS_KEY];
  if (schema.bridge !== "sdk" || !Array.isArray(filled)) return false;
  return Object.entries(schema.properties).some(
    ([key, property]) => property.autoName && news[key] !== undefined && !filled.includes(key),
  );
}

function compareProperty(
  property: PropertySchema,
  path: string,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  found: Map<string, PropertyDifference["kind"]>,
): void {
  if (after === undefined) {
    if (before === undefined || property.computed || isNothing(reveal(before))) return;
    if (property.default !== undefined && equal(property.shape, property.default, before)) return;
    found.set(path, "delete");
    return;
  }
  if (before === undefined) {
    const silent =
      property.default === undefined
        ? isNothing(reveal(after))
        : equal(property.shape, property.default, after);
    if (!silent) found.set(path, "add");
    return;
  }
  compare(property.shape, path, before, after, found);
}

function compare(
  shape: Shape,
  path: string,
  before: PropertyValue,
  after: PropertyValue,
  found: Map<string, PropertyDifference["kind"]>,
): void {
  // A secret is shown as a whole: a finer path would tell which part of it changed.
  if (before instanceof Secret || after instanceof Secret || after === UNKNOWN || before === UNKNOWN) {
    if (!equal(shape, before, after)) found.set(path, "update");
    return;
  }
  if (equal(shape, before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const of: Shape = shape.kind === "list" || shape.kind === "set" ? shape.of : { kind: "any" };
    const pairs = shape.kind === "set" ? setPairs(of, before, after) : listPairs(before, after);
    for (const index of pairs) {
      const [left, right] = [before[index.left], after[index.right]];
      if (left === undefined) found.set(`${path}[${index.right}]`, "add");
      else if (right === undefined) found.set(`${path}[${index.left}]`, "delete");
      else compare(of, `${path}[${index.left}]`, left, right, found);
    }
    return;
  }
  if (isMap(before) && isMap(after)) {
    for (const key of keysOf(before, after)) {
      if (key === DEFAULTS_KEY) continue;
      const property = shape.kind === "record" ? shape.properties[key] : undefined;
      const at = join(path, key);
      if (property) {
        compareProperty(property, at, before[key], after[key], found);
        continue;
      }
      const of: Shape = shape.kind === "map" ? shape.of : { kind: "any" };
      const [left, right] = [before[key], after[key]];
      if (left === undefined) found.set(at, "add");
      else if (right === undefined) found.set(at, "delete");
      else compare(of, at, left, right, found);
    }
    return;
  }
  found.set(path, "update");
}

/** An index that is past the end stands for "no partner". */
function listPairs(before: PropertyValue[], after: PropertyValue[]): { left: number; right: number }[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => ({
    left: index,
    right: index,
  }));
}

/** Elements without an equal partner; two that stand at the same index are taken for one that changed. */
function setPairs(
  of: Shape,
  before: PropertyValue[],
  after: PropertyValue[],
): { left: number; right: number }[] {
  const { onlyLeft, onlyRight } = unmatched(of, before, after);
  return [
    ...onlyLeft.map((left) => ({ left, right: onlyRight.includes(left) ? left : after.length })),
    ...onlyRight
      .filter((right) => !onlyLeft.includes(right))
      .map((right) => ({ left: before.length, right })),
  ];
}

/** Whether a path is the ignored one or lies in it; `[*]` stands for any index or key. */
function within(path: string, ignored: string): boolean {
  const [steps, prefix] = [split(path), split(ignored)];
  return (
    prefix.length <= steps.length && prefix.every((step, index) => step === "*" || step === steps[index])
  );
}

function split(path: string): string[] {
  return [...path.matchAll(/[^.[\]"]+|"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? match[0]);
}
