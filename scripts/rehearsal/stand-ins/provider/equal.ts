import type { PropertySchemas, Shape } from "../schema.ts";
import { DEFAULTS_KEY, isMap, type PropertyMap, type PropertyValue, reveal, UNKNOWN } from "./property.ts";

/**
 * Whether two values mean the same to the provider: secrets by what they hide, sets without order, an integer and its
 * text alike, and an absent nested property like its default or like nothing. An unknown equals nothing, not even
 * another unknown.
 */
export function equal(shape: Shape, left: PropertyValue, right: PropertyValue): boolean {
  return same(shape, reveal(left), reveal(right), true);
}

/** `lenient`: a nested property that the provider fills in may be absent on one side. */
function same(
  shape: Shape,
  left: PropertyValue | undefined,
  right: PropertyValue | undefined,
  lenient: boolean,
): boolean {
  if (left === UNKNOWN || right === UNKNOWN) return false;
  if (left === undefined || right === undefined) return left === right;
  switch (shape.kind) {
    case "integer":
    case "number":
      return Number(left) === Number(right);
    case "boolean":
    case "string":
      return String(left) === String(right);
    case "list":
      return (
        Array.isArray(left) &&
        Array.isArray(right) &&
        left.length === right.length &&
        left.every((item, index) => same(shape.of, item, right[index], lenient))
      );
    case "set": {
      if (!Array.isArray(left) || !Array.isArray(right)) return false;
      const { onlyLeft, onlyRight } = unmatched(shape.of, left, right);
      return onlyLeft.length + onlyRight.length === 0;
    }
    case "map":
      return (
        isMap(left) &&
        isMap(right) &&
        keysOf(left, right).every((key) => same(shape.of, left[key], right[key], lenient))
      );
    case "record":
      return isMap(left) && isMap(right) && sameRecord(shape.properties, left, right, lenient);
    case "any":
    case "object":
      return sameOpen(left, right);
  }
}

function sameRecord(
  properties: PropertySchemas,
  left: PropertyMap,
  right: PropertyMap,
  lenient: boolean,
): boolean {
  return keysOf(left, right, properties).every((key) => {
    const property = properties[key];
    if (lenient && property?.computed && (left[key] === undefined || right[key] === undefined)) return true;
    const [a, b] = [left[key] ?? property?.default, right[key] ?? property?.default];
    return (isNothing(a) && isNothing(b)) || same(property?.shape ?? { kind: "any" }, a, b, lenient);
  });
}

/** Equality where no schema says what is inside. */
function sameOpen(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left === UNKNOWN || right === UNKNOWN) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameOpen(item, right[index]));
  }
  if (isMap(left) && isMap(right)) {
    return keysOf(left, right).every((key) => {
      const [a, b] = [left[key], right[key]];
      return (isNothing(a) && isNothing(b)) || sameOpen(a, b);
    });
  }
  return left === right;
}

/** Absent or empty: the APIs answer either way for a thing that was never set. */
export function isNothing(value: PropertyValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

/** The keys of all maps, without the note of what was filled in. */
export function keysOf(...maps: object[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))].filter((key) => key !== DEFAULTS_KEY);
}

/**
 * Where two sets differ: the indices on either side that have no equal partner on the other. Exact partners are found
 * first, so that none is taken away by an element that only fits it.
 */
export function unmatched(
  of: Shape,
  left: PropertyValue[],
  right: PropertyValue[],
): { onlyLeft: number[]; onlyRight: number[] } {
  let onlyLeft = left.map((_, index) => index);
  let onlyRight = right.map((_, index) => index);
  for (const lenient of [false, true]) {
    for (const index of onlyLeft) {
      const item = reveal(left[index] ?? null);
      const partner = onlyRight.find((at) => same(of, item, reveal(right[at] ?? null), lenient));
      if (partner === undefined) continue;
      onlyLeft = onlyLeft.filter((at) => at !== index);
      onlyRight = onlyRight.filter((at) => at !== partner);
    }
  }
  return { onlyLeft, onlyRight };
}

/**
 * The live value as the program would have written it: nested properties that the program does not mention are left
 * out where the provider fills them in, where they are at their default, and everywhere in objects without a schema.
 */
export function asWritten(
  shape: Shape,
  live: PropertyValue,
  written: PropertyValue | undefined,
): PropertyValue {
  if (written !== undefined && equal(shape, written, live)) return reveal(written);
  const wrote = written === undefined ? undefined : reveal(written);
  if (Array.isArray(live)) {
    const others = Array.isArray(wrote) ? wrote : [];
    if (shape.kind === "set") {
      return live.map((item) => {
        const partner = others.find((other) => equal(shape.of, other, item));
        return partner ?? asWritten(shape.of, item, undefined);
      });
    }
    const of: Shape = shape.kind === "list" ? shape.of : { kind: "any" };
    return live.map((item, index) => asWritten(of, item, others[index]));
  }
  // A map's keys are data: one that was added by hand is a difference.
  if (!isMap(live) || shape.kind === "map") return live;
  const other = isMap(wrote) ? wrote : undefined;
  const result: PropertyMap = {};
  for (const [key, value] of Object.entries(live)) {
    const property = shape.kind === "record" ? shape.properties[key] : undefined;
    if (other?.[key] === undefined) {
      if (shape.kind === "record" && (!property || property.computed)) continue;
      if (shape.kind !== "record" && other !== undefined) continue;
      if (
        isNothing(value) ||
        (property?.default !== undefined && equal(property.shape, property.default, value))
      )
        continue;
    }
    result[key] = asWritten(property?.shape ?? { kind: "any" }, value, other?.[key]);
  }
  return result;
}
