import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

it("doubles from one second to five minutes and never more", () => {
  const longest = [1, 2, 3, 9, 10, 1000].map((failures) => backoffMs(failures, 0.999_999));
  expect(longest).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000]);
});

it("waits at least half as long, wherever the dice fall", () => {
  expect(backoffMs(4, 0)).toBe(4000);
  expect(backoffMs(4, 0.5)).toBe(6000);
});
