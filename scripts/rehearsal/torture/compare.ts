import type { Census, Thing } from "./census.ts";

/** How an end state differs from that of a deployment that nobody disturbed; a line each, none where it is the same. */
export interface Differences {
  /** There more often than it should be, be that twice or at all. */
  duplicates: string[];
  /** There, paid for, and unknown to the state. */
  orphans: string[];
  /** Not there. */
  lost: string[];
  /** There and other, or not finished. */
  unequal: string[];
}

export function compare(undisturbed: Census, after: Census): Differences {
  const [expected, found] = [byName(undisturbed), byName(after)];
  const duplicates: string[] = [];
  const lost: string[] = [];
  const unequal = [...after.leftovers];
  for (const [name, things] of expected) {
    const now = found.get(name) ?? [];
    if (now.length < things.length) lost.push(`${name}: ${things.length} → ${now.length}`);
    else if (now.length > things.length) duplicates.push(`${name}: ${things.length} → ${now.length}`);
    else {
      const [was, is] = [looksOf(things), looksOf(now)];
      if (was !== is) unequal.push(`${name}:\n    was ${was}\n    is  ${is}`);
    }
  }
  for (const [name, things] of found)
    if (!expected.has(name)) duplicates.push(`${name}: 0 → ${things.length}`);
  const orphans = after.things
    .filter(({ inState, id }) => inState && !after.known.has(id))
    .map(({ name, id }) => `${name} (${id})`);
  return { duplicates, orphans, lost, unequal };
}

function byName({ things }: Census): Map<string, Thing[]> {
  return Map.groupBy(things, ({ name }) => name);
}

function looksOf(things: readonly Thing[]): string {
  return things
    .map(({ looks }) => looks)
    .sort()
    .join(" ");
}
