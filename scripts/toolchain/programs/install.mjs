import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ToolchainFailure } from "../failure.mjs";
import { buildGoPackage } from "../go-package.mjs";
import { takeLock } from "../lock.mjs";
import { startStep } from "../progress.mjs";
import { programPlace } from "./place.mjs";
import { PROGRAMS } from "./programs.mjs";
import { installPythonPackage } from "./python.mjs";

const LIMIT_MS = 60_000;

/**
 * Makes a program available: found in the cache, else made there. It is made beside its place, seen to answer with its
 * version, and then moved there whole; so a run that is killed leaves nothing that looks finished, and two at once wait for
 * each other.
 *
 * @param {string} root the repository
 * @param {string} name a row of programs.mjs
 * @returns {Promise<string>} path of the program
 */
export async function installProgram(root, name) {
  const program = PROGRAMS[name];
  if (!program) {
    throw new ToolchainFailure(
      "usage",
      `there is no program ${name}`,
      `Name one of: ${Object.keys(PROGRAMS).join(", ")}.`,
      { exitCode: 2 },
    );
  }
  const place = programPlace(name, program.version);
  if (place.inPlace) return place.binary;
  const title = `${name} ${program.version}`;
  const lock = await lockCache(place, title);
  try {
    if (programPlace(name, program.version).inPlace) return place.binary;
    const prefix = `.${name}-${program.version}-staging-`;
    // Under the lock every staging folder belongs to a run that is dead.
    for (const left of readdirSync(place.home).filter((each) => each.startsWith(prefix)))
      rmSync(join(place.home, left), { recursive: true, force: true });
    const staging = mkdtempSync(join(place.home, prefix));
    const step = startStep(title, `not in ${place.home} yet`);
    try {
      await make(root, name, program, join(staging, "made"), { onStart: (pid) => lock.adopt(pid), step });
      rmSync(place.folder, { recursive: true, force: true });
      renameSync(join(staging, "made"), place.folder);
      step.end(`ready, in ${place.folder}`);
    } finally {
      step.end();
      rmSync(staging, { recursive: true, force: true });
    }
    return place.binary;
  } finally {
    lock.release();
  }
}

/**
 * @param {string} root
 * @param {string} name
 * @param {import("./programs.mjs").Program} program
 * @param {string} folder
 * @param {{ onStart: (pid: number) => void, step: import("../progress.mjs").Step }} how
 */
async function make(root, name, program, folder, how) {
  const binary = join(folder, "bin", name);
  const made =
    program.kind === "go"
      ? await buildGoPackage({
          root,
          module: `scripts/toolchain/programs/${name}`,
          name: program.package,
          pinned: program.module,
          version: program.version,
          ldflags: program.ldflags,
          expected: program.expected,
          binary,
          ...how,
        })
      : await installPythonPackage({ root, name, folder, ...how });
  const problem = made.problem ?? versionProblem(binary, program);
  if (problem === undefined) return;
  throw new ToolchainFailure(
    "program-unavailable",
    `${name} ${program.version}, which ${program.what}, can't be made available: ${problem}`,
    `It needs ${program.needs}.\nQUAYSIDE_PROGRAMS names the folder that programs are kept in.`,
    { output: made.output },
  );
}

/**
 * @param {string} binary
 * @param {import("./programs.mjs").Program} program
 * @returns {string | undefined} what is wrong with it
 */
function versionProblem(binary, { version, versionArguments }) {
  const { status, stdout, error } = spawnSync(binary, versionArguments, {
    encoding: "utf8",
    timeout: LIMIT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (error) return error.message;
  const said = stdout.split("\n")[0] ?? "";
  const answers = status === 0 && said.split(/[\s v]+/).includes(version);
  return answers
    ? undefined
    : `it answers ${said || "nothing"} (status ${status}) when asked for its version`;
}

/**
 * @param {ReturnType<typeof programPlace>} place
 * @param {string} title
 */
async function lockCache({ home, folder }, title) {
  /** @type {import("../progress.mjs").Step | undefined} */
  let waiting;
  try {
    const lock = await takeLock(`${folder}.lock`, (pid) => {
      waiting ??= startStep(title, `waiting for process ${pid}, which is making it ready`);
    });
    waiting?.end();
    return lock;
  } catch (error) {
    throw new ToolchainFailure(
      "program-cache",
      `the folder of programs ${home} can't be written: ${/** @type {Error} */ (error).message}`,
      "Make it writable, or name another one in QUAYSIDE_PROGRAMS.",
    );
  }
}
