import { join } from "node:path";
import { takeLock } from "../lock.mjs";
import { startStep } from "../progress.mjs";
import { installedByNpm, isExpected, readLockedPackages } from "./lockfile.mjs";
import { nodeForNpm } from "./node-for-npm.mjs";
import { npmCi } from "./npm.mjs";
import { dependenciesInPlace, stampDependencies } from "./stamp.mjs";

/**
 * Installs the npm packages of the lock file. Killed half-way, it leaves no stamp, so the next run starts over; two at
 * once wait for each other.
 *
 * @param {string} root the repository
 */
export async function installDependencies(root) {
  // Not in node_modules, which npm empties.
  const state = join(root, "scripts", "toolchain", ".state");
  /** @type {import("../progress.mjs").Step | undefined} */
  let waiting;
  const lock = await takeLock(join(state, "dependencies.lock"), (pid) => {
    waiting ??= startStep("npm packages", `waiting for process ${pid}, which is installing them`);
  });
  waiting?.end();
  try {
    if (dependenciesInPlace(root)) return;
    if (!installedByNpm(root)) {
      const packages = readLockedPackages(join(root, "package-lock.json"));
      const wanted = Object.values(packages).filter(isExpected).length;
      const { node, remove } = await nodeForNpm(root, packages, join(state, "node"), lock);
      const step = startStep("npm packages", `${wanted} to install`);
      await npmCi({ folder: root, node, wanted, lock, step });
      step.end(`${wanted} installed`);
      remove();
    }
    stampDependencies(root);
  } finally {
    lock.release();
  }
}
