import { compare, parse, type SemVer } from "semver";

/**
 * The version that a release tag names, by https://semver.org: `v1.4.0`, `v2.0.0-rc.1`, and with a
 * project's prefix `shop-v1.4.0`. Undefined for every other tag, one
 * with build metadata too: two tags of the same precedence could not be told apart.
 */
export function parseVersion(tag: string, prefix = ""): SemVer | undefined {
  const version = parse(tag.slice(prefix.length + 1)) ?? undefined;
  // semver forgives spaces and a second v; a tag is what it is.
  return version && tag === tagOf(version, prefix) ? version : undefined;
}

export function tagOf(version: SemVer, prefix = ""): string {
  return `${prefix}v${version.version}`;
}

/** Negative when `a` comes before `b`, by semver's precedence (item 11 of the specification). */
export const compareVersions: (a: SemVer, b: SemVer) => number = compare;
