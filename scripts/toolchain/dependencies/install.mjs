import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../child.mjs";
import { ToolchainFailure } from "../failure.mjs";
import { takeLock } from "../lock.mjs";
import { startStep } from "../progress.mjs";
import { installedByNpm, isExpected, readLockedPackages } from "./lockfile.mjs";
import { dependenciesInPlace, stampDependencies } from "./stamp.mjs";

/** One line a package that was fetched or found in npm's cache, at npm's log level `http`. */
const TARBALL = /^npm http (?:fetch|cache) .*\.tgz\b/;
const CHATTER = /^npm (?:http|warn EBADENGINE|warn Unknown user config|warn Unknown env config)\b/;

/**
 * Installs the npm packages of the lock file. Killed half-way, it leaves no stamp, so the next run starts over; two at
 * once wait for each other.
 *
 * @param {string} root the repository
 */
export async function installDependencies(root) {
  // Not in node_modules, which npm empties.
  const lockFile = join(root, "scripts", "toolchain", ".state", "dependencies.lock");
  /** @type {import("../progress.mjs").Step | undefined} */
  let waiting;
  const lock = await takeLock(lockFile, (pid) => {
    waiting ??= startStep("npm packages", `waiting for process ${pid}, which is installing them`);
  });
  waiting?.end();
  try {
    if (dependenciesInPlace(root)) return;
    if (!installedByNpm(root)) await npmCi(root, lock);
    stampDependencies(root);
  } finally {
    lock.release();
  }
}

/**
 * @param {string} root
 * @param {import("../lock.mjs").Lock} lock
 */
async function npmCi(root, lock) {
  const wanted = Object.values(readLockedPackages(join(root, "package-lock.json"))).filter(isExpected).length;
  const step = startStep("npm packages", `${wanted} to install`);
  const [command, ...before] = npm();
  let fetched = 0;
  const args = [
    ...before,
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--loglevel=http",
    "--no-progress",
  ];
  const result = await runChild(command, args, {
    cwd: root,
    env: process.env,
    onStart: (pid) => lock.adopt(pid),
    onLine: (line) => {
      if (TARBALL.test(line)) fetched += 1;
      step.update(fetched < wanted ? `${fetched} of ${wanted} fetched` : "unpacking");
    },
  });
  if (result.code === 0) {
    step.end(`${wanted} installed`);
    return;
  }
  step.end();
  throw new ToolchainFailure(
    "npm-packages",
    result.problem
      ? `npm can't be started: ${result.problem.message}`
      : `npm ci ended with ${result.signal ?? result.code}`,
    result.problem
      ? "Install npm (it comes with Node.js), and see that `npm --version` answers."
      : "The lines above are npm's own. The next run starts over.",
    {
      output: result.output
        .split("\n")
        .filter((line) => !CHATTER.test(line))
        .join("\n"),
    },
  );
}

/**
 * The npm that runs us, where one does: it may not be on the PATH under the name npm.
 *
 * @returns {[string, ...string[]]}
 */
function npm() {
  const running = process.env.npm_execpath;
  return running?.endsWith("npm-cli.js") && existsSync(running) ? [process.execPath, running] : ["npm"];
}
