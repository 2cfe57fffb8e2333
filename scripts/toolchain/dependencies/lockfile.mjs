import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string | string[], cpu?: string | string[], libc?: string[] }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages by folder, for example `node_modules/zod`
 */

/**
 * The `packages` of a lock file, without the root.
 * https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages
 *
 * @param {string} file
 * @returns {LockedPackages}
 */
export function readLockedPackages(file) {
  const { "": _root, ...packages } = JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  return packages;
}

/**
 * Whether npm itself has already installed exactly this lock file (`npm ci` by hand, or `npm install` after a change):
 * npm writes what it has installed into node_modules/.package-lock.json, as its last act.
 *
 * @param {string} root
 */
export function installedByNpm(root) {
  try {
    const wanted = readLockedPackages(join(root, "package-lock.json"));
    const there = readLockedPackages(join(root, "node_modules", ".package-lock.json"));
    const gone = Object.keys(there).some((folder) => !wanted[folder]);
    return !gone && Object.entries(wanted).every(([folder, entry]) => same(entry, there[folder]));
  } catch {
    return false;
  }
}

/**
 * @param {LockedPackage} wanted
 * @param {LockedPackage | undefined} there
 */
function same(wanted, there) {
  if (!there) return !isExpected(wanted);
  return wanted.version === there.version && (!wanted.integrity || wanted.integrity === there.integrity);
}

/**
 * Whether npm should install a package here. An optional one that names no platform belongs to another optional one,
 * mostly to a build for WebAssembly, and comes only with it.
 *
 * @param {LockedPackage} entry
 */
export function isExpected({ optional, os, cpu, libc }) {
  if (!optional) return true;
  if (os === undefined || cpu === undefined) return false;
  return (
    fits(os, process.platform) && fits(cpu, process.arch) && (libc === undefined || fits(libc, systemLibc()))
  );
}

/** @type {string | undefined} */
let libcSeen;

/** The C library in npm's words, as npm finds it out: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#libc */
function systemLibc() {
  if (libcSeen === undefined) {
    const { header } = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (
      process.report?.getReport() ?? {}
    );
    libcSeen = header?.glibcVersionRuntime ? "glibc" : "musl";
  }
  return libcSeen;
}

/**
 * @param {string[] | string} allowed
 * @param {string} actual
 */
function fits(allowed, actual) {
  const list = [allowed].flat();
  if (list.includes(`!${actual}`)) return false;
  return list.includes(actual) || list.every((item) => item.startsWith("!"));
}
