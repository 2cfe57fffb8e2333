import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../child.mjs";
import { ToolchainFailure } from "../failure.mjs";
import { takeLock } from "../lock.mjs";
import { startStep } from "../progress.mjs";
import { installedByNpm, isExpected, readLockedPackages } from "./lockfile.mjs";
import { dependenciesInPlace, stampDependencies } from "./stamp.mjs";

/** At npm's log level `http`: a line for what is known of a package, later one for the package, fetched or from npm's cache. */
const REQUEST = /^npm http (?:fetch|cache) /;
const TARBALL = /\.tgz\b/;
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
  let lookedUp = 0;
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
      if (!REQUEST.test(line)) return;
      if (TARBALL.test(line)) fetched += 1;
      else lookedUp += 1;
      if (fetched >= wanted) step.update("unpacking");
      else if (fetched > 0) step.update(`${fetched} of ${wanted} fetched`);
      else step.update(`${Math.min(lookedUp, wanted)} of ${wanted} looked up`);
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
