import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { runChild } from "../child.mjs";
import { ToolchainFailure } from "../failure.mjs";

/** At npm's log level `http`: a line for what is known of a package, later one for the package, fetched or from npm's cache. */
const REQUEST = /^npm http (?:fetch|cache) /;
const TARBALL = /\.tgz\b/;
const CHATTER = /^npm (?:http|warn EBADENGINE|warn Unknown user config|warn Unknown env config)\b/;

/**
 * Runs `npm ci` without install scripts in a folder that has a lock file.
 *
 * @param {object} what
 * @param {string} what.folder
 * @param {string} what.node the Node that npm runs on: npm leaves out optional packages that do not name it among their engines
 * @param {number} what.wanted how many packages are expected
 * @param {import("../lock.mjs").Lock} what.lock
 * @param {import("../progress.mjs").Step} what.step
 */
export async function npmCi({ folder, node, wanted, lock, step }) {
  const [command, ...before] = npm(node);
  const args = [
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--loglevel=http",
    "--no-progress",
  ];
  let lookedUp = 0;
  let fetched = 0;
  const result = await runChild(command, [...before, ...args], {
    cwd: folder,
    env: { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) },
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
  if (result.code === 0) return;
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
 * @param {string} node
 * @returns {[string, ...string[]]}
 */
function npm(node) {
  const running = process.env.npm_execpath;
  return running?.endsWith("npm-cli.js") && existsSync(running) ? [node, running] : ["npm"];
}
