#!/usr/bin/env node
/**
 * Makes programs available and prints their paths, one a line, in the order of the names:
 *
 *   node scripts/toolchain/programs/main.mjs <name…>
 *
 * Progress goes to stderr. Runs on Node 18 and later without node_modules.
 */
import { fileURLToPath } from "node:url";
import { describeFailure, ToolchainFailure } from "../failure.mjs";
import { installProgram } from "./install.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
try {
  for (const name of process.argv.slice(2)) process.stdout.write(`${await installProgram(root, name)}\n`);
} catch (error) {
  if (!(error instanceof ToolchainFailure)) throw error;
  process.stderr.write(describeFailure(error));
  process.exitCode = error.exitCode;
}
