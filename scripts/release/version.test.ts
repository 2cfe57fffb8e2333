import fc from "fast-check";
import { expect, test } from "vitest";
import { compareVersions, parseVersion, tagOf } from "./version.ts";

const versionOf = (tag: string) => {
  const version = parseVersion(tag);
  if (!version) throw new Error(`${tag} is no version`);
  return version;
};

test("A release tag is v and a semantic version, nothing else", () => {
  for (const tag of ["v0.0.0", "v1.4.0", "v2.0.0-rc.1", "v1.0.0-x-y.7.z92", "v10.20.30"])
    expect(parseVersion(tag)).toBeDefined();
  for (const tag of [
    "1.4.0",
    "v1.4",
    "v01.4.0",
    "v1.4.0-01",
    "v1.4.0-",
    "v1.4.0+build.5",
    "vv1.4.0",
    "v 1.4.0",
    "v1.4.0 ",
    "v1.4.0\n",
    "release-1",
    "v",
    "",
  ])
    expect(parseVersion(tag)).toBeUndefined();
});

test("Versions are in the order of the specification's own examples", () => {
  const inOrder = [
    "v1.0.0-alpha",
    "v1.0.0-alpha.1",
    "v1.0.0-alpha.beta",
    "v1.0.0-beta",
    "v1.0.0-beta.2",
    "v1.0.0-beta.11",
    "v1.0.0-rc.1",
    "v1.0.0",
    "v1.9.0",
    "v1.10.0",
    "v2.0.0",
  ];
  expect(
    inOrder
      .toReversed()
      .map(versionOf)
      .toSorted(compareVersions)
      .map((version) => tagOf(version)),
  ).toEqual(inOrder);
});

const identifier = fc.oneof(fc.nat(50).map(String), fc.stringMatching(/^[a-z-][a-z0-9-]{0,3}$/));
const tag = fc
  .tuple(fc.nat(3), fc.nat(12), fc.nat(12), fc.array(identifier, { maxLength: 3 }))
  .map(
    ([major, minor, patch, rest]) => `v${major}.${minor}.${patch}${rest.length ? `-${rest.join(".")}` : ""}`,
  );

test("The order is total: antisymmetric, transitive, equal only for the same tag", () => {
  fc.assert(
    fc.property(tag, tag, tag, (...tags) => {
      const [a, b, c] = tags.map(versionOf).toSorted(compareVersions);
      if (!a || !b || !c) throw new Error("three went in");
      expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      expect(compareVersions(b, a)).toBe(compareVersions(a, b) === 0 ? 0 : 1);
      expect(compareVersions(a, b) === 0).toBe(tagOf(a) === tagOf(b));
    }),
  );
});
