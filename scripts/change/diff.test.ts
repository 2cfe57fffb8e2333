import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "./canonical.ts";
import { propertyDiffs } from "./diff.ts";
import { value } from "./fixtures/arbitrary.ts";
import { setsOf } from "./sets.ts";

const properties = fc.dictionary(fc.constantFrom("a", "b", "c"), value);

describe("property diffs", () => {
  it("find nothing between a thing and itself, and something between two that differ", () => {
    fc.assert(
      fc.property(properties, properties, (before, after) => {
        expect(propertyDiffs(before, structuredClone(before), [])).toEqual([]);
        const differ = canonical(withoutNull(before)) !== canonical(withoutNull(after));
        expect(propertyDiffs(before, after, []).length > 0).toBe(differ);
      }),
    );
  });

  it("are there in both directions or in none", () => {
    fc.assert(
      fc.property(properties, properties, (before, after) => {
        // How elements of a list pair may differ from one direction to the other, and with it the kinds.
        expect(propertyDiffs(before, after, []).length > 0).toBe(propertyDiffs(after, before, []).length > 0);
      }),
    );
  });

  it("go down to the finest path", () => {
    const before = { labels: { stack: "dev", old: "x" }, rules: [{ port: "80", protocol: "tcp" }] };
    const after = { labels: { stack: "prod", "odd key": "y" }, rules: [{ port: "443", protocol: "tcp" }] };
    expect(propertyDiffs(before, after, []).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'add labels["odd key"]',
      "remove labels.old",
      "change labels.stack",
      "change rules[0].port",
    ]);
  });

  it("show an element put in front as one addition", () => {
    const diffs = propertyDiffs({ hosts: ["b", "c", "d"] }, { hosts: ["a", "b", "c", "d"] }, []);
    expect(diffs).toEqual([{ path: "hosts[0]", kind: "add", after: "a", replaces: false }]);
  });

  it("show an element that only stands elsewhere as a move", () => {
    const diffs = propertyDiffs({ hosts: ["a", "b", "c"] }, { hosts: ["b", "c", "a"] }, []);
    expect(diffs).toEqual([
      { path: "hosts[2]", kind: "change", before: "a", after: "a", movedFrom: "hosts[0]", replaces: false },
    ]);
  });

  it("see no change in a set's order", () => {
    const isSet = setsOf("hcloud:index/firewall:Firewall");
    const rule = (port: string, sourceIps: string[]) => ({
      direction: "in",
      protocol: "tcp",
      port,
      sourceIps,
    });
    const before = { rules: [rule("443", ["a", "b"]), rule("80", ["a"])] };
    const after = { rules: [rule("80", ["a"]), rule("443", ["a", "b"])] };
    expect(propertyDiffs(before, after, [], isSet)).toEqual([]);
    expect(propertyDiffs(before, after, [])).not.toEqual([]);
  });

  it("name the one field that changed in an element of a set", () => {
    const isSet = setsOf("hcloud:index/firewall:Firewall");
    const rule = (port: string, sourceIps: string[]) => ({
      direction: "in",
      protocol: "tcp",
      port,
      sourceIps,
    });
    const before = { rules: [rule("443", ["a"]), rule("80", ["a"])] };
    const after = { rules: [rule("80", ["a"]), rule("443", ["a", "b"])] };
    expect(propertyDiffs(before, after, [], isSet)).toEqual([
      { path: "rules[1].sourceIps[1]", kind: "add", after: "b", replaces: false },
    ]);
  });

  it("mark what forces a replacement, at, within and around the engine's keys", () => {
    const diffs = propertyDiffs(
      { location: "hil", networks: [{ ip: "1" }], size: 1 },
      { location: "nbg1", networks: [{ ip: "2" }], size: 2 },
      ["location", "networks[*].ip"],
    );
    expect(diffs.filter(({ replaces }) => replaces).map(({ path }) => path)).toEqual([
      "location",
      "networks[0].ip",
    ]);
  });

  it("take null and absent for the same", () => {
    expect(propertyDiffs({ a: null, b: 1 }, { b: 1 }, [])).toEqual([]);
  });
});

/** Only members of objects: an element of a list that is null is one all the same. */
function withoutNull<T>(thing: T): T {
  return JSON.parse(JSON.stringify(thing), (_key, member) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).filter(([, inner]) => inner !== null));
  });
}
