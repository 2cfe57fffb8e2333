import { expect, test } from "vitest";
import type { Census, Thing } from "./census.ts";
import { compare } from "./compare.ts";

const thing = (name: string, id: string, more: Partial<Thing> = {}): Thing => ({
  name,
  id,
  looks: "",
  inState: true,
  ...more,
});
const census = (things: Thing[], more: Partial<Census> = {}): Census => ({
  things,
  known: new Set(things.map(({ id }) => id)),
  leftovers: [],
  ...more,
});
const undisturbed = census([
  thing("servers web", "1"),
  thing("record A app", "a"),
  thing("record A app", "b"),
]);

test("Two ends that differ in ids and in their order alone are the same", () => {
  const after = census([thing("record A app", "d"), thing("servers web", "7"), thing("record A app", "c")]);
  expect(compare(undisturbed, after)).toEqual({ duplicates: [], orphans: [], lost: [], unequal: [] });
});

test("What is there twice is a duplicate, and an orphan too where the state knows one of them only", () => {
  const things = [...undisturbed.things, thing("servers web", "2")];
  const after = census(things, { known: undisturbed.known });
  expect(compare(undisturbed, after)).toMatchObject({
    duplicates: ["servers web: 1 → 2"],
    orphans: ["servers web (2)"],
    lost: [],
    unequal: [],
  });
});

test("What should not be there at all is one too many", () => {
  const after = census([...undisturbed.things, thing("volumes old", "3"), thing("volumes old", "4")]);
  expect(compare(undisturbed, after).duplicates).toEqual(["volumes old: 0 → 2"]);
});

test("What is not there is lost, be it all of a name or one of two", () => {
  expect(compare(undisturbed, census([thing("record A app", "a")])).lost).toEqual([
    "servers web: 1 → 0",
    "record A app: 2 → 1",
  ]);
});

test("What looks other is unequal, and so is what a deployment left open", () => {
  const other = undisturbed.things.map((each) => (each.id === "1" ? { ...each, looks: "off" } : each));
  const after = census(other, { leftovers: ["1 locks"] });
  const { unequal, ...rest } = compare(undisturbed, after);
  expect(unequal).toEqual(["1 locks", expect.stringMatching(/^servers web:[\s\S]*is {2}off$/)]);
  expect(rest).toEqual({ duplicates: [], orphans: [], lost: [] });
});

test("What no state has to know is no orphan", () => {
  const things = [...undisturbed.things, thing("worker intake", "w", { inState: false })];
  expect(compare(census(things), census(things, { known: undisturbed.known })).orphans).toEqual([]);
});
