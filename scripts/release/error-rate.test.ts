import fc from "fast-check";
import { expect, test } from "vitest";
import { failsTooOften } from "./error-rate.ts";

const quiet = { requests: 10_000, errors: 0 };

test("A version that fails more often than it may is told, by its own share of the calls", () => {
  expect(failsTooOften(quiet, { requests: 1000, errors: 20 }, 10, 1)).toBe(
    "about 20 % of its calls fail (20 of all 1000 calls of the Worker since then), and 1 % may.",
  );
});

test("What the Worker failed before is not the new version's fault", () => {
  const before = { requests: 1000, errors: 20 };
  expect(failsTooOften(before, { requests: 1000, errors: 20 }, 10, 1)).toBeUndefined();
  expect(failsTooOften(before, { requests: 1000, errors: 60 }, 10, 1)).toMatch(/^about 42 %/);
});

test("Two errors are no rate, and no traffic says nothing", () => {
  expect(failsTooOften(quiet, { requests: 2, errors: 2 }, 50, 1)).toBeUndefined();
  expect(failsTooOften(quiet, { requests: 0, errors: 0 }, 50, 1)).toBeUndefined();
});

test("More errors never make a version look better", () => {
  const count = fc.nat({ max: 1000 });
  fc.assert(
    fc.property(count, count, count, fc.integer({ min: 1, max: 99 }), (old, errors, more, share) => {
      const before = { requests: 1000, errors: old };
      const told = (failed: number) => failsTooOften(before, { requests: 2000, errors: failed }, share, 1);
      if (told(errors)) expect(told(errors + more)).toBeDefined();
    }),
  );
});
