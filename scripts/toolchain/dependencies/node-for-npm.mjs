import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isNewEnough, NODE_PACKAGE, packagedNode, runs } from "../node.mjs";
import { startStep } from "../progress.mjs";
import { npmCi } from "./npm.mjs";

/**
 * The Node that npm is to run on. npm judges packages by the Node that it runs on, and silently leaves out an optional
 * package that asks for a later one: on Node 18 that is the native half of the test runner's bundler. So where the Node at
 * hand is old, the one that the lock file pins is installed by itself first, outside of node_modules, which npm empties.
 *
 * @param {string} root the repository
 * @param {import("./lockfile.mjs").LockedPackages} packages
 * @param {string} folder where it may be put
 * @param {import("../lock.mjs").Lock} lock
 * @returns {Promise<{ node: string, remove: () => void }>} `remove` when npm is done
 */
export async function nodeForNpm(root, packages, folder, lock) {
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const entry = packages[`node_modules/${NODE_PACKAGE}`];
  if (isNewEnough(process.versions.node) || entry?.version === undefined)
    return { node: process.execPath, remove };

  remove();
  mkdirSync(folder, { recursive: true });
  const manifest = { name: "node-for-npm", private: true, dependencies: { [NODE_PACKAGE]: entry.version } };
  const lockFile = {
    name: manifest.name,
    lockfileVersion: 3,
    packages: { "": manifest, [`node_modules/${NODE_PACKAGE}`]: entry },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lockFile));
  const config = join(root, ".npmrc");
  if (existsSync(config)) writeFileSync(join(folder, ".npmrc"), readFileSync(config));

  const step = startStep(`Node ${entry.version}`, "fetching it first, npm is to run on it");
  await npmCi({ folder, node: process.execPath, wanted: 1, lock, step });
  step.end();
  const node = packagedNode(folder);
  return { node: runs(node) ? node : process.execPath, remove };
}
