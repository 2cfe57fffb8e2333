import { expect, test } from "vitest";
import { nearest, offersAt } from "./server-type.ts";

const type = (name: string, cores: number, memory: number, locations: string[], architecture = "x86") => ({
  name,
  cores,
  memory,
  disk: 40 * cores,
  architecture,
  locations: locations.map((location) => ({ name: location, available: true, isDeprecated: false })),
});
const catalogue = [
  type("cx22", 2, 4, ["fsn1", "nbg1"]),
  type("cax11", 2, 4, ["fsn1", "hil"], "arm"),
  type("cpx51", 16, 32, ["hil"]),
  type("cpx31", 4, 8, ["hil"]),
  type("cpx11", 2, 2, ["hil"]),
  type("cpx21", 3, 4, ["hil"]),
];

test("the nearest offers are the ones most like the type that was asked for, of its architecture", () => {
  expect(nearest(catalogue, "cx22", "hil").map(({ name }) => name)).toEqual(["cpx21", "cpx11", "cpx31"]);
});

test("for a type that nobody knows the smallest offers come first", () => {
  expect(nearest(catalogue, "cpx999", "hil").map(({ name }) => name)).toEqual(["cpx11", "cpx21", "cpx31"]);
});

test("what is sold out or going out of sale is no alternative", () => {
  const [, , , , cpx11, cpx21] = structuredClone(catalogue);
  if (cpx11?.locations[0]) cpx11.locations[0].available = false;
  if (cpx21?.locations[0]) cpx21.locations[0].isDeprecated = true;
  const there = [cpx11, cpx21].filter((each) => each !== undefined);
  expect(nearest(there, "cx22", "hil")).toEqual([]);
  expect(offersAt(there, "hil")).toHaveLength(2);
});
