import { expect, test } from "vitest";
import type { Write } from "./clouds.ts";
import { draw, trialsFor } from "./matrix.ts";
import { nameOf } from "./trial.ts";

const writes: Write[] = [
  { cloud: "hetzner", index: 0, call: "POST /v1/servers" },
  { cloud: "github", index: 0, call: "POST /repos/x/y/deployments" },
];
const numbers = Array.from({ length: 426 }, (_, index) => index);

test("Each write is killed at in three ways and fails in three, each under a name of its own", () => {
  const names = trialsFor(writes).map(nameOf);
  expect(names.slice(0, 6)).toEqual([
    "kill pipeline at hetzner 0",
    "kill worker at hetzner 0",
    "kill machine at hetzner 0",
    "429 at hetzner 0",
    "500 at hetzner 0",
    "dropped at hetzner 0",
  ]);
  expect(new Set(names).size).toBe(12);
});

test("The same seed draws the same sample, another seed another one", () => {
  expect(draw(numbers, 20, 7)).toEqual(draw(numbers, 20, 7));
  expect(draw(numbers, 20, 7)).not.toEqual(draw(numbers, 20, 8));
});

test("A sample has each trial once, in the list's order, from all parts of it", () => {
  const sample = draw(numbers, 60, 1);
  expect(sample).toEqual([...new Set(sample)].sort((a, b) => a - b));
  const third = (from: number) => sample.filter((each) => each >= from && each < from + 142).length;
  for (const from of [0, 142, 284]) expect(third(from)).toBeGreaterThan(8);
});

test("A sample that is larger than the list is the list", () => {
  expect(draw(numbers, 1000, 1)).toEqual(numbers);
});
