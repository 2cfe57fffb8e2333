import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ToolchainFailure } from "../failure.mjs";
import { takeLock } from "../lock.mjs";
import { startStep } from "../progress.mjs";
import { buildEngine } from "./build.mjs";
import { downloadEngine } from "./download.mjs";
import { engineProblem, rememberEngine } from "./verify.mjs";

/**
 * Makes the pinned engine available: there already, else the official download, else a build from Go sources.
 * Whatever is made is made beside its place, seen to work, and then moved there in one step; so a run that is killed leaves
 * nothing that looks finished, and two at once wait for each other.
 *
 * @param {string} root the repository
 * @param {import("./place.mjs").EnginePlace} place
 */
export async function installEngine(root, place) {
  if (engineProblem(place.binary, place.version) === undefined) return rememberEngine(place);

  const title = `Pulumi engine ${place.version}`;
  const versions = dirname(place.folder);
  const lock = await lockCache(versions, place, title);
  try {
    const found = engineProblem(place.binary, place.version);
    if (found === undefined) return rememberEngine(place);
    removeLeftovers(versions, place.version);
    const staging = mkdtempSync(join(versions, stagingPrefix(place.version)));
    const step = startStep(title, "asking for the official download");
    try {
      const how = await make(root, place, staging, lock, step, found);
      rememberEngine(place);
      step.end(`${how}, in ${place.folder}`);
    } finally {
      step.end();
      rmSync(staging, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
}

/**
 * @param {string} root
 * @param {import("./place.mjs").EnginePlace} place
 * @param {string} staging
 * @param {import("../lock.mjs").Lock} lock
 * @param {import("../progress.mjs").Step} step
 * @param {string} found what is wrong with the engine that is in place
 * @returns {Promise<string>} how it was made
 */
async function make(root, place, staging, lock, step, found) {
  const { version } = place;
  const onStart = (/** @type {number} */ pid) => lock.adopt(pid);

  const download = await downloadEngine({ root, version, staging, onStart, step });
  const unpacked = "folder" in download ? download.folder : undefined;
  const downloadProblem =
    unpacked === undefined
      ? /** @type {{ problem: string }} */ (download).problem
      : engineProblem(join(unpacked, "bin", "pulumi"), version);
  if (unpacked !== undefined && downloadProblem === undefined) {
    if (existsSync(place.folder)) renameSync(place.folder, join(staging, "replaced"));
    renameSync(unpacked, place.folder);
    return "downloaded from Pulumi";
  }

  const binary = join(staging, "pulumi");
  const build = await buildEngine({ root, version, binary, onStart, step });
  const buildProblem = build.problem ?? engineProblem(binary, version);
  if (buildProblem === undefined) {
    mkdirSync(dirname(place.binary), { recursive: true });
    renameSync(binary, place.binary);
    return "built from its Go sources";
  }
  throw new ToolchainFailure(
    "engine-unavailable",
    [
      `the Pulumi engine ${version} can't be made available; tried:`,
      `  in place  ${place.binary}: ${found}`,
      `  download  from Pulumi: ${downloadProblem}`,
      `  Go build  ${buildProblem}`,
    ].join("\n"),
    [
      "One of these is enough:",
      "  let this machine reach get.pulumi.com (HTTPS_PROXY is heeded on Node 24),",
      "  or install Go 1.25 or later (https://go.dev/dl/) with its module proxy reachable,",
      `  or put \`pulumi\` ${version} at ${place.binary}; PULUMI_HOME names another cache folder.`,
    ].join("\n"),
    { output: build.output },
  );
}

/**
 * @param {string} versions
 * @param {import("./place.mjs").EnginePlace} place
 * @param {string} title
 */
async function lockCache(versions, place, title) {
  /** @type {import("../progress.mjs").Step | undefined} */
  let waiting;
  try {
    const lock = await takeLock(join(versions, `.${place.version}.lock`), (pid) => {
      waiting ??= startStep(title, `waiting for process ${pid}, which is making it ready`);
    });
    waiting?.end();
    return lock;
  } catch (error) {
    throw new ToolchainFailure(
      "engine-cache",
      `the engine's cache folder ${place.home} can't be written: ${/** @type {Error} */ (error).message}`,
      "Make it writable, or name another one in PULUMI_HOME.",
    );
  }
}

/** Under the lock every staging folder belongs to a run that is dead. @param {string} versions @param {string} version */
function removeLeftovers(versions, version) {
  for (const name of readdirSync(versions)) {
    if (name.startsWith(stagingPrefix(version)))
      rmSync(join(versions, name), { recursive: true, force: true });
  }
}

/** @param {string} version */
function stagingPrefix(version) {
  return `.${version}-staging-`;
}
