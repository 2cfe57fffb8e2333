#!/usr/bin/env node
/**
 * Makes a fresh machine ready, then runs a command of the project. Every npm script goes through here:
 *
 *   node scripts/toolchain/run.mjs [--without-engine] <source file or tool> [arguments…]
 *   node scripts/toolchain/run.mjs --only-setup [--without-engine]
 *
 * Where everything is in place this costs a few file reads, so the parts that do the work are loaded only when needed.
 * Runs on Node 18 and later without node_modules.
 */
import { fileURLToPath } from "node:url";
import { dependenciesInPlace } from "./dependencies/stamp.mjs";
import { engineInPlace, enginePlace } from "./engine/place.mjs";
import { describeFailure, ToolchainFailure } from "./failure.mjs";
import { launch } from "./launch.mjs";
import { findNode } from "./node.mjs";

const USAGE =
  "Usage: node scripts/toolchain/run.mjs [--without-engine] (--only-setup | <source file or tool> [arguments…])";

/** @param {string[]} argv */
function parse(argv) {
  const options = { onlySetup: false, withEngine: true };
  let index = 0;
  for (; argv[index]?.startsWith("-"); index += 1) {
    if (argv[index] === "--only-setup") options.onlySetup = true;
    else if (argv[index] === "--without-engine") options.withEngine = false;
    else throw new ToolchainFailure("usage", `unknown option ${argv[index]}`, USAGE, { exitCode: 2 });
  }
  const [command, ...args] = argv.slice(index);
  if (command === undefined && !options.onlySetup)
    throw new ToolchainFailure("usage", "no command", USAGE, { exitCode: 2 });
  return { ...options, command, args };
}

async function main() {
  const { onlySetup, withEngine, command, args } = parse(process.argv.slice(2));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  if (process.platform === "win32") {
    throw new ToolchainFailure(
      "platform",
      "the toolchain runs on Linux and macOS",
      "Use WSL: https://learn.microsoft.com/windows/wsl/install",
    );
  }

  if (!dependenciesInPlace(root))
    await (await import("./dependencies/install.mjs")).installDependencies(root);
  const node = findNode(root);
  const engine = withEngine ? enginePlace(root) : undefined;
  if (engine && !engineInPlace(engine))
    await (await import("./engine/install.mjs")).installEngine(root, engine);
  if (command !== undefined && !onlySetup) {
    launch({ root, node, engine, command, args });
  }
}

main().catch((error) => {
  if (!(error instanceof ToolchainFailure)) throw error;
  process.stderr.write(describeFailure(error));
  process.exitCode = error.exitCode;
});
