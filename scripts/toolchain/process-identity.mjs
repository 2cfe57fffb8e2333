import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * @param {{ pid: number, start: string }} identity
 * @returns {boolean} whether this very process still runs, not a later one that was given its pid
 */
export function isAlive({ pid, start }) {
  return start !== "" && processStart(pid) === start;
}

/**
 * When a process started, in whatever unit the system has: only to be compared.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process, or only its unreaped remains
 */
export function processStart(pid) {
  if (process.platform === "linux") return startFromProc(pid);
  const { stdout } = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" });
  const [, state, start] = /^\s*(\S+)\s+(.+?)\s*$/m.exec(stdout ?? "") ?? [];
  return state?.startsWith("Z") ? undefined : start;
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 3 is the state, field 22 the start in clock ticks;
 * field 2, the command, may hold spaces and brackets, so counting starts after its last bracket.
 *
 * @param {number} pid
 */
function startFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
