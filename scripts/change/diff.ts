import { type Aligned, align } from "./align.ts";
import { canonical } from "./canonical.ts";
import { isSecret, isUnknown, type PropertyDiff, type Value } from "./model.ts";
import { pathOfIndex, pathOfKey, pathsOverlap, segmentsOf } from "./paths.ts";

type Properties = { [property: string]: Value };

/**
 * What differs between two sets of properties, each at the finest path that is known.
 *
 * - An element that was put into a list is one addition, whatever it moved along; one that only stands elsewhere is a move.
 * - In a set (told by `isSet`, which gets the path without positions) order means nothing.
 * - `null` and absent are one thing, as they are to the engine.
 * - `replaceKeys` are paths; a difference at, within or around one of them `replaces`.
 */
export function propertyDiffs(
  before: Properties | undefined,
  after: Properties | undefined,
  replaceKeys: readonly string[],
  isSet: (names: string) => boolean = () => false,
): PropertyDiff[] {
  const replacing = replaceKeys.map(segmentsOf);
  const diffs: PropertyDiff[] = [];
  const add = (diff: Omit<PropertyDiff, "replaces">): void => {
    const segments = replacing.length > 0 ? segmentsOf(diff.path) : [];
    diffs.push({ ...diff, replaces: replacing.some((key) => pathsOverlap(key, segments)) });
  };
  objects({ path: "", names: "" }, before ?? {}, after ?? {}, { isSet, add });
  return diffs;
}

interface Place {
  path: string;
  /** The path without list positions. */
  names: string;
}
interface Walk {
  isSet(names: string): boolean;
  add(diff: Omit<PropertyDiff, "replaces">): void;
}

function values(place: Place, before: Value | undefined, after: Value | undefined, walk: Walk): void {
  const gone = before === undefined || before === null;
  const absent = after === undefined || after === null;
  if (gone && absent) return;
  if (gone) walk.add({ path: place.path, kind: "add", after });
  else if (absent) walk.add({ path: place.path, kind: "remove", before });
  else if (Array.isArray(before) && Array.isArray(after)) lists(place, before, after, walk);
  else if (isObject(before) && isObject(after)) objects(place, before, after, walk);
  else if (canonical(before) !== canonical(after))
    walk.add({ path: place.path, kind: "change", before, after });
}

function objects(place: Place, before: Properties, after: Properties, walk: Walk): void {
  for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
    values(
      { path: pathOfKey(place.path, key), names: pathOfKey(place.names, key) },
      own(before, key),
      own(after, key),
      walk,
    );
}

function lists(place: Place, before: Value[], after: Value[], walk: Walk): void {
  const isSet = walk.isSet(place.names);
  const keysBefore = before.map(canonical);
  const keysAfter = after.map(canonical);
  const gaps = isSet ? [unmatched(keysBefore, keysAfter)] : gapsOf(align(keysBefore, keysAfter));

  const wandering = new Map<string, number[]>();
  if (!isSet)
    for (const gap of gaps)
      for (const index of gap.removed) {
        const key = keysBefore[index] ?? "";
        wandering.set(key, [...(wandering.get(key) ?? []), index]);
      }
  const moved = new Set<number>();
  const arrived = new Map<number, number>();
  for (const gap of gaps)
    for (const index of gap.added) {
      const from = wandering.get(keysAfter[index] ?? "")?.shift();
      if (from === undefined) continue;
      moved.add(from);
      arrived.set(index, from);
    }

  for (const gap of gaps) {
    const removed = gap.removed.filter((index) => !moved.has(index));
    const added = gap.added.filter((index) => !arrived.has(index));
    const partners = pair(before, removed, after, added);
    const paired = new Set(partners.values());
    for (const index of removed)
      if (!paired.has(index))
        walk.add({ path: pathOfIndex(place.path, index), kind: "remove", before: before[index] });
    for (const index of gap.added) {
      const path = pathOfIndex(place.path, index);
      const from = arrived.get(index);
      const partner = partners.get(index);
      if (from !== undefined)
        walk.add({
          path,
          kind: "change",
          before: before[from],
          after: after[index],
          movedFrom: pathOfIndex(place.path, from),
        });
      else if (partner !== undefined)
        values({ path, names: place.names }, before[partner], after[index], walk);
      else walk.add({ path, kind: "add", after: after[index] });
    }
  }
}

interface Gap {
  removed: number[];
  added: number[];
}

function gapsOf(script: readonly Aligned[]): Gap[] {
  const gaps: Gap[] = [];
  let gap: Gap = { removed: [], added: [] };
  for (const entry of script) {
    if (entry.kind === "remove") gap.removed.push(entry.before);
    else if (entry.kind === "add") gap.added.push(entry.after);
    else if (gap.removed.length + gap.added.length > 0) {
      gaps.push(gap);
      gap = { removed: [], added: [] };
    }
  }
  if (gap.removed.length + gap.added.length > 0) gaps.push(gap);
  return gaps;
}

function unmatched(before: readonly string[], after: readonly string[]): Gap {
  const left = new Map<string, number[]>();
  before.forEach((key, index) => {
    left.set(key, [...(left.get(key) ?? []), index]);
  });
  const added = after.flatMap((key, index) => (left.get(key)?.shift() === undefined ? [index] : []));
  return { removed: [...left.values()].flat().sort((a, b) => a - b), added };
}

/** Above this many elements on a side, elements of one gap are paired by place and not by likeness. */
const MOST_COMPARED = 40;

/** Which removed element an added one is a new version of: by position in the added list. */
function pair(
  before: readonly Value[],
  removed: readonly number[],
  after: readonly Value[],
  added: readonly number[],
): Map<number, number> {
  const partners = new Map<number, number>();
  const free = new Set(removed);
  const [onlyRemoved, onlyAdded] = [removed[0], added[0]];
  if (removed.length === 1 && added.length === 1 && onlyRemoved !== undefined && onlyAdded !== undefined)
    return areOfOneKind(before[onlyRemoved], after[onlyAdded])
      ? new Map([[onlyAdded, onlyRemoved]])
      : partners;
  added.forEach((index, place) => {
    const candidates = removed.length > MOST_COMPARED ? removed.slice(place, place + 1) : [...free];
    let best: number | undefined;
    let most = 0;
    for (const candidate of candidates) {
      const likeness = free.has(candidate) ? alike(before[candidate], after[index]) : 0;
      if (likeness > most) {
        most = likeness;
        best = candidate;
      }
    }
    if (best === undefined) return;
    free.delete(best);
    partners.set(index, best);
  });
  return partners;
}

/** One element for one: a change of it, however little stays the same. */
function areOfOneKind(before: Value | undefined, after: Value | undefined): boolean {
  if (isObject(before) && isObject(after))
    return Object.keys(after).some((key) => Object.hasOwn(before, key));
  return alike(before, after) > 0;
}

/** 0 = nothing in common: rather one removed and one added than a change. */
function alike(before: Value | undefined, after: Value | undefined): number {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const same = keys.filter((key) => {
      const value = own(before, key);
      return value !== undefined && canonical(value) === canonical(own(after, key));
    });
    return keys.length === 0 ? 0 : same.length / keys.length;
  }
  if (Array.isArray(before) && Array.isArray(after)) return 0.1;
  if (isMarker(before) || isMarker(after)) return 0.05;
  const scalars = !isObject(before) && !isObject(after) && !Array.isArray(before) && !Array.isArray(after);
  return scalars ? 0.1 : 0;
}

function isObject(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isMarker(value);
}

function isMarker(value: Value | undefined): boolean {
  return isSecret(value) || isUnknown(value);
}

function own(object: Properties, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
