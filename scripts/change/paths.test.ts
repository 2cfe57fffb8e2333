import fc from "fast-check";
import { expect, it } from "vitest";
import { pathOf, pathsOverlap, segmentsOf } from "./paths.ts";

const segments = fc.array(
  fc.oneof(
    fc.string({ minLength: 1 }).filter((name) => name !== "*"),
    fc.nat(99),
  ),
  { minLength: 1 },
);

it("takes apart what it has put together", () => {
  fc.assert(
    fc.property(segments, (parts) => {
      expect(segmentsOf(pathOf(parts))).toEqual(parts);
    }),
  );
});

it("reads the engine's own form", () => {
  expect(segmentsOf('rules[3]["odd key"].sourceIps[0]')).toEqual(["rules", 3, "odd key", "sourceIps", 0]);
});

it("finds that one path lies within another, wherever in a list", () => {
  expect(pathsOverlap(segmentsOf("rules"), segmentsOf("rules[2].port"))).toBe(true);
  expect(pathsOverlap(segmentsOf("rules[0].port"), segmentsOf("rules[7].port"))).toBe(true);
  expect(pathsOverlap(segmentsOf("rules[0].port"), segmentsOf("rules[0].protocol"))).toBe(false);
});
