import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ToolchainFailure } from "./failure.mjs";

/** @type {NodeJS.Signals[]} */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR2", "SIGQUIT"];

/**
 * Runs the command with the toolchain on its PATH, and ends as it ends: same exit code, same signal.
 *
 * @param {object} what
 * @param {string} what.root the repository: the working directory of every command
 * @param {string} what.node the Node that runs TypeScript
 * @param {import("./engine/place.mjs").EnginePlace | undefined} what.engine where the command may need it
 * @param {string} what.command a source file of the repository (`scripts/cli.ts`), or a tool of node_modules/.bin (`vitest`)
 * @param {string[]} what.args
 */
export function launch({ root, node, engine, command, args }) {
  const bin = join(root, "node_modules", ".bin");
  const path = [dirname(node), bin, ...(engine ? [dirname(engine.binary)] : []), process.env.PATH ?? ""];
  const isSource = /\.m?[jt]s$/.test(command);
  const env = {
    ...process.env,
    PATH: path.join(delimiter),
    ...compileCache(root, isSource),
    // A relative one is meant from where the person stands, and the command runs in the repository's folder.
    ...(process.env.PULUMI_HOME && engine ? { PULUMI_HOME: engine.home } : {}),
  };
  const file = isSource ? node : join(bin, command);
  const child = spawn(file, isSource ? [join(root, command), ...args] : args, {
    cwd: root,
    env,
    stdio: "inherit",
  });

  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // Ctrl-C at a terminal goes to the child as well; twice would mean "at once" to many programs.
      if (signal === "SIGINT" && hasTerminal()) return;
      child.kill(signal);
    });
  }
  child.once("error", (error) => {
    const failure = new ToolchainFailure(
      "unknown-command",
      `${command} can't be started: ${error.message}`,
      "Name a source file or a tool of node_modules/.bin.",
      { exitCode: 2 },
    );
    process.stderr.write(`error: ${failure.message} (${failure.code})\n  ${failure.fix}\n`);
    process.exit(failure.exitCode);
  });
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const each of FORWARDED) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}

/**
 * What Node has compiled is kept for the next command. A runner of GitHub's own is thrown away after one: there, filling
 * the cache costs a tenth of a command and nobody reads it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables (RUNNER_ENVIRONMENT)
 *
 * @param {string} root
 * @param {boolean} isSource
 * @returns {Record<string, string>}
 */
function compileCache(root, isSource) {
  if (process.env.NODE_COMPILE_CACHE) return {};
  if (isSource && process.env.RUNNER_ENVIRONMENT === "github-hosted")
    return { NODE_DISABLE_COMPILE_CACHE: "1" };
  const folder = join(root, "node_modules", ".cache", "quayside", "compiled");
  // Portable: found again in another checkout that shares these packages, as those of tests do.
  return { NODE_COMPILE_CACHE: folder, NODE_COMPILE_CACHE_PORTABLE: "1" };
}

function hasTerminal() {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
