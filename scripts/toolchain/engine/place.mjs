import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * @typedef {object} EnginePlace where npm's `pulumi` launcher and the Automation API look for the pinned engine
 * @property {string} version for example `3.259.0`
 * @property {string} home PULUMI_HOME, or ~/.pulumi
 * @property {string} folder `<home>/versions/<version>`
 * @property {string} binary
 * @property {string} memory file in node_modules that says which binary was seen to work
 */

/**
 * @param {string} root the repository
 * @returns {EnginePlace}
 */
export function enginePlace(root) {
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies.pulumi;
  const home = resolve(process.env.PULUMI_HOME || join(homedir(), ".pulumi"));
  const folder = join(home, "versions", version);
  return {
    version,
    home,
    folder,
    binary: join(folder, "bin", "pulumi"),
    memory: join(root, "node_modules", ".cache", "quayside", "engine.json"),
  };
}

/**
 * Costs two file reads: a binary that was seen to answer with its version is not asked again until it changes.
 *
 * @param {EnginePlace} place
 */
export function engineInPlace(place) {
  try {
    return readFileSync(place.memory, "utf8") === fingerprint(place);
  } catch {
    return false;
  }
}

/** @param {EnginePlace} place */
export function fingerprint({ version, binary }) {
  const { size, mtimeMs } = statSync(binary);
  return JSON.stringify({ version, binary, size, mtimeMs });
}
