import { spawn } from "node:child_process";

/** @typedef {{ ended: boolean, code: number | null, signal: NodeJS.Signals | null, output: string, problem?: Error }} Outcome */

/** Process groups that must not outlive us. */
const groups = /** @type {Set<number>} */ (new Set());

/** @type {NodeJS.Signals[]} */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @param {NodeJS.Signals} signal */
function endWithChildren(signal) {
  for (const group of groups) killGroup(group, "SIGTERM");
  for (const each of ENDING) process.removeListener(each, endWithChildren);
  process.kill(process.pid, signal);
}

/**
 * Runs a child in a process group of its own, so that it can be ended together with everything that it started,
 * and keeps what it prints instead of showing it.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.cwd
 * @param {NodeJS.ProcessEnv} options.env
 * @param {(line: string) => void} [options.onLine] each line of stdout and stderr, as it comes
 * @param {(pid: number) => void} [options.onStart]
 * @param {AbortSignal} [options.abort] ends the whole group
 * @returns {Promise<Outcome>} never rejects: a command that can't be started has `problem`
 */
export function runChild(command, args, { cwd, env, onLine, onStart, abort }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    /** @type {string[]} */
    const lines = [];
    let settled = false;
    const pid = child.pid;

    const kill = () => pid !== undefined && killGroup(pid, "SIGKILL");
    /** @param {Partial<Outcome>} result */
    const settle = (result) => {
      if (settled) return;
      settled = true;
      abort?.removeEventListener("abort", kill);
      if (pid !== undefined) groups.delete(pid);
      if (groups.size === 0) for (const signal of ENDING) process.removeListener(signal, endWithChildren);
      resolve({ ended: true, code: null, signal: null, ...result, output: lines.join("\n") });
    };

    if (pid !== undefined) {
      if (groups.size === 0) for (const signal of ENDING) process.on(signal, endWithChildren);
      groups.add(pid);
      onStart?.(pid);
      if (abort?.aborted) kill();
      abort?.addEventListener("abort", kill);
    }
    for (const stream of [child.stdout, child.stderr]) {
      eachLine(stream, (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
    child.once("error", (problem) => settle({ ended: false, problem }));
    child.once("close", (code, signal) => settle({ code, signal }));
  });
}

/**
 * @param {number} leader
 * @param {NodeJS.Signals} signal
 */
export function killGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/**
 * @param {import("node:stream").Readable} stream
 * @param {(line: string) => void} take
 */
function eachLine(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (/** @type {string} */ text) => {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
  stream.on("end", () => {
    if (rest) take(rest);
  });
}
