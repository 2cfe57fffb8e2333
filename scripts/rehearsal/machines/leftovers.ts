import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { attempt, run } from "./commands.ts";

/**
 * Ends what machines left in a rehearsal's folder when their rehearsal was killed: they run on, their disks stay mounted,
 * and a folder with a mount in it can't be removed. Costs one file read where there is nothing of the kind.
 *
 * @param dir the rehearsal's folder, absolute
 * @throws UserError `machines-left` where that takes rights that this process lacks
 */
export async function endLeftovers(dir: string): Promise<void> {
  const mounts = mountsBelow(dir);
  if (mounts.length === 0) return;
  for (const pid of processesWith(`--directory=${dir}/`)) end(pid);
  for (const mount of mounts)
    if (!(await attempt("umount", mount)) && !(await attempt("umount", "--lazy", mount)))
      throw new UserError(
        "machines-left",
        `${mount} is still mounted: a rehearsal with machines was killed, and this user may not clear it away.`,
        `As root: umount --lazy ${mount}`,
        EXIT.usage,
      );
  for (const line of (await run("losetup", "--noheadings", "--output", "NAME,BACK-FILE")).split("\n")) {
    const [device = "", file = ""] = line.trim().split(/\s+/);
    if (file.startsWith(`${dir}/`)) await attempt("losetup", "--detach", device);
  }
}

/** The innermost first. */
function mountsBelow(dir: string): string[] {
  let table: string;
  try {
    table = readFileSync("/proc/self/mounts", "utf8");
  } catch {
    return [];
  }
  return table
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replace(/\\([0-7]{3})/g, octal))
    .filter((path) => path.startsWith(`${dir}/`))
    .reverse();
}

/** How that table writes a space, a tab, a line feed and a backslash: proc_pid_mounts(5), fstab(5). */
function octal(_match: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 8));
}

function processesWith(argument: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && readOr(join("/proc", name, "cmdline")).includes(`\0${argument}`))
    .map(Number);
}

/** A machine's keeper and its init, with which everything in it ends. */
function end(keeper: number): void {
  const inits = readOr(`/proc/${keeper}/task/${keeper}/children`)
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  for (const pid of [...inits, keeper]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
