import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Where programs are kept, for every checkout of a machine: QUAYSIDE_PROGRAMS, or a folder of the user's cache
 * (https://specifications.freedesktop.org/basedir-spec/latest/).
 *
 * @param {string} name
 * @param {string} version
 */
export function programPlace(name, version) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const home = resolve(process.env.QUAYSIDE_PROGRAMS || join(cache, "quayside", "programs"));
  const folder = join(home, `${name}-${version}`);
  const binary = join(folder, "bin", name);
  // A folder is moved into its place whole, and only after the program has answered.
  return { home, folder, binary, inPlace: existsSync(binary) };
}
