import { spawn } from "node:child_process";
import { type MemoryWatch, watchMemory } from "./process-tree.ts";

/** What one sequence of processes took, from the first one's start to the last one's end. */
export interface Measured<T> {
  seconds: number;
  /** The largest resident memory of all of its processes at one moment, in MB (10^6 bytes). */
  megabytes: number;
  result: T;
}

/** Starts one process, waits for its end and gives its stdout. */
export type Run = (
  command: string,
  args: readonly string[],
  place: { cwd: string; env: Record<string, string> },
) => Promise<string>;

/** Measures what `sequence` runs; `hosts` are processes that ran before, of which only what they start counts. */
export async function measure<T>(
  sequence: (run: Run) => Promise<T>,
  hosts: readonly number[] = [],
): Promise<Measured<T>> {
  const memory = watchMemory();
  for (const pid of hosts) memory.addDescendantsOf(pid);
  const started = performance.now();
  try {
    const result = await sequence((command, args, place) => runProcess(command, args, place, memory));
    const seconds = (performance.now() - started) / 1000;
    return { seconds, megabytes: (await memory.stop()) / 1e6, result };
  } finally {
    await memory.stop();
  }
}

/** @throws Error with the end of what the process printed, when it does not end with 0 */
export function runProcess(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
  memory?: MemoryWatch,
): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  if (child.pid !== undefined) memory?.add(child.pid);
  let stdout = "";
  let tail = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    tail = (tail + chunk.toString()).slice(-3000);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-3000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0
        ? resolve(stdout)
        : reject(new Error(`${command} ${args.slice(0, 3).join(" ")} ended with ${code}:\n${tail}`)),
    );
  });
}
