import { compare, parse, type SemVer } from "semver";

/**
 * The version that a release tag names, by https://semver.org: `v1.4.0`, `v2.0.0-rc.1`. Undefined for every other tag, one
 * with build metadata too: two tags of the same precedence could not be told apart.
 */
export function parseVersion(tag: string): SemVer | undefined {
  const version = parse(tag.slice(1)) ?? undefined;
  // semver forgives spaces and a second v; a tag is what it is.
  return version && tag === tagOf(version) ? version : undefined;
}

export function tagOf(version: SemVer): string {
  return `v${version.version}`;
}

/** Negative when `a` comes before `b`, by semver's precedence (item 11 of the specification). */
export const compareVersions: (a: SemVer, b: SemVer) => number = compare;
