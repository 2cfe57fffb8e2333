import { isSecret, type Value } from "./model.ts";
import { pathOfIndex, pathOfKey } from "./paths.ts";

type Properties = { [property: string]: Value };

export interface Concealed {
  before: Properties | undefined;
  after: Properties | undefined;
  /** The texts that were in clear on one side and are secret on the other: they must not be shown anywhere else either. */
  texts: string[];
  /** Where something was hidden; the hidden value can look the same on both sides and is a change all the same. */
  paths: string[];
}

/**
 * Hides on either side what is secret on the other: a password that becomes a secret with this change must not be shown
 * as its own old value (https://github.com/pulumi/pulumi/issues/4957), nor one that stops being one.
 *
 * Positions in lists shift, so in a list every old value is hidden that stands where any element is secret now, unless
 * the same value is shown there in clear anyway.
 */
export function conceal(
  before: Properties | undefined,
  after: Properties | undefined,
  hash: (value: Value, path: string, side: "before" | "after") => string,
): Concealed {
  const texts = new Set<string>();
  const paths = new Set<string>();
  const hide = (value: Value, path: string, side: "before" | "after"): Value => {
    collectTexts(value, texts);
    paths.add(path);
    return { $secret: hash(value, path, side) };
  };

  const secretAfter = secretPlaces(after);
  const secretBefore = secretPlaces(before);
  if (secretAfter.size === 0 && secretBefore.size === 0) return { before, after, texts: [], paths: [] };
  const clearAfter = clearAt(after, secretAfter);
  const clearBefore = clearAt(before, secretBefore);

  const hidden = {
    before: mask(before, "", "", (value, path, place) =>
      secretAfter.has(place) && !clearAfter.has(`${place} ${JSON.stringify(value)}`)
        ? hide(value, path, "before")
        : undefined,
    ),
    after: mask(after, "", "", (value, path, place) =>
      secretBefore.has(place) && !clearBefore.has(`${place} ${JSON.stringify(value)}`)
        ? hide(value, path, "after")
        : undefined,
    ),
  };
  return { ...hidden, texts: [...texts], paths: [...paths] };
}

/** Shorter texts stand in too many other values by chance. */
const SHORTEST_SCRUBBED = 8;

/** Replaces texts wherever they stand. Gives the same function back for no texts, so that most changes pay nothing. */
export function scrubber(texts: readonly string[]): (text: string) => string {
  const long = [...new Set(texts)].filter((text) => text.length >= SHORTEST_SCRUBBED);
  if (long.length === 0) return (text) => text;
  const pattern = new RegExp(
    long
      .sort((a, b) => b.length - a.length)
      .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join("|"),
    "g",
  );
  return (text) => text.replace(pattern, "[secret]");
}

/** Applies a scrubber to every text in a value. */
export function scrubValue(value: Value, scrub: (text: string) => string): Value {
  if (typeof value === "string") return scrub(value);
  if (typeof value !== "object" || value === null || isSecret(value)) return value;
  if (Array.isArray(value)) return value.map((element) => scrubValue(element, scrub));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, scrubValue(member, scrub)]));
}

function secretPlaces(properties: Properties | undefined): Set<string> {
  const places = new Set<string>();
  if (properties)
    mask(properties, "", "", (value, _path, place) => {
      if (isSecret(value)) places.add(place);
      return undefined;
    });
  return places;
}

function clearAt(properties: Properties | undefined, places: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  mask(properties, "", "", (value, _path, place) => {
    if (!isSecret(value) && places.has(place)) found.add(`${place} ${JSON.stringify(value)}`);
    return undefined;
  });
  return found;
}

/** Walks all values; where `replace` gives one, it stands for the whole value. `place` is the path with `*` for positions. */
function mask<T extends Value | undefined>(
  value: T,
  path: string,
  place: string,
  replace: (value: Value, path: string, place: string) => Value | undefined,
): T;
function mask(
  value: Value | undefined,
  path: string,
  place: string,
  replace: (value: Value, path: string, place: string) => Value | undefined,
): Value | undefined {
  if (value === undefined) return undefined;
  const replaced = path === "" ? undefined : replace(value, path, place);
  if (replaced !== undefined) return replaced;
  if (typeof value !== "object" || value === null || isSecret(value)) return value;
  if (Array.isArray(value))
    return value.map((element, index) => mask(element, pathOfIndex(path, index), `${place}[*]`, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      mask(member, pathOfKey(path, key), pathOfKey(place, key), replace),
    ]),
  );
}

function collectTexts(value: Value, texts: Set<string>): void {
  if (typeof value === "string") texts.add(value);
  else if (typeof value === "number") texts.add(String(value));
  else if (typeof value === "object" && value !== null && !isSecret(value))
    for (const member of Object.values(value)) collectTexts(member, texts);
}
