import fc from "fast-check";
import { expect, it } from "vitest";
import { align } from "./align.ts";

const lists = fc.tuple(
  fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 14 }),
  fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 14 }),
);

it("replays both lists in order", () => {
  fc.assert(
    fc.property(lists, ([before, after]) => {
      const script = align(before, after);
      const from = script.flatMap((entry) => (entry.kind === "add" ? [] : [entry.before]));
      const to = script.flatMap((entry) => (entry.kind === "remove" ? [] : [entry.after]));
      expect(from).toEqual(before.map((_, index) => index));
      expect(to).toEqual(after.map((_, index) => index));
      for (const entry of script)
        if (entry.kind === "same") expect(before[entry.before]).toBe(after[entry.after]);
    }),
  );
});

it("keeps as much as can be kept", () => {
  fc.assert(
    fc.property(lists, ([before, after]) => {
      const kept = align(before, after).filter(({ kind }) => kind === "same").length;
      expect(kept).toBe(longestCommon(before, after));
    }),
  );
});

it("takes two long texts that have nothing in common as replaced, in little time", () => {
  const before = Array.from({ length: 20_000 }, (_, i) => `before ${i}`);
  const after = Array.from({ length: 20_000 }, (_, i) => `after ${i}`);
  const started = performance.now();
  expect(align(before, after)).toHaveLength(40_000);
  expect(performance.now() - started).toBeLessThan(1_000);
});

function longestCommon(before: readonly string[], after: readonly string[]): number {
  let row = Array<number>(after.length + 1).fill(0);
  for (const element of before) {
    const next = [0];
    after.forEach((other, index) => {
      next.push(element === other ? (row[index] ?? 0) + 1 : Math.max(next[index] ?? 0, row[index + 1] ?? 0));
    });
    row = next;
  }
  return row.at(-1) ?? 0;
}
