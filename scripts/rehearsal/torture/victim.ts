import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Who is killed: the pipeline alone, what works for it (the engine, or wrangler's host), or both as with their machine. */
export const VICTIMS = ["pipeline", "worker", "machine"] as const;
export type Victim = (typeof VICTIMS)[number];

/** Kills with SIGKILL, waits until nothing of it is left, and says how many processes that were. */
export async function kill(victim: Victim, pipeline: number): Promise<number> {
  const workers = childrenOf(pipeline);
  const pids = { pipeline: [pipeline], worker: workers, machine: [pipeline, ...workers] }[victim];
  // The last to be asked for is the first to go: a pipeline that still runs would see its worker die.
  for (const pid of pids) signal(pid, "SIGKILL");
  for (const pid of pids) await untilGone(pid);
  return pids.length;
}

/** Kills a process with all that it has started, and what those have. */
export function killTree(pid: number): void {
  const children = childrenOf(pid);
  signal(pid, "SIGKILL");
  for (const child of children) killTree(child);
}

/** Waits until a process, of whomever, has ended. */
export async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await delay(20);
}

/** The engine and the wrangler hosts of a pipeline. */
export function childrenOf(pipeline: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) && statOf(pid)?.parent === pipeline ? [pid] : [];
  });
}

function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== "Z";
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}
