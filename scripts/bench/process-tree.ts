import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** One running process, as the system tells of it. */
export interface ProcessFacts {
  pid: number;
  parent: number;
  /** Resident memory in bytes; pages that processes share count for each of them. */
  resident: number;
}

/** The pause between two looks at the processes, in milliseconds. */
const INTERVAL_MS = 50;

/** Watches the memory of some processes and of everything that they start. */
export interface MemoryWatch {
  /** From now on this process and its descendants count. */
  add(pid: number): void;
  /** From now on the descendants of this process count, itself does not. */
  addDescendantsOf(pid: number): void;
  /** Ends the watch; gives the largest sum that was seen at one moment, in bytes. */
  stop(): Promise<number>;
}

/** Starts a watch that looks every 50 ms: in /proc where there is one, else by `ps`. */
export function watchMemory(): MemoryWatch {
  const roots = new Set<number>();
  const silent = new Set<number>();
  const list = existsSync("/proc/self/statm") ? procLister() : listByPs;
  let peak = 0;
  let stopped = false;
  const look = async () => {
    peak = Math.max(peak, residentOf(await list(), roots, silent));
  };
  const looking = (async () => {
    while (!stopped) {
      const next = new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      await look();
      await next;
    }
  })();
  return {
    add: (pid) => void roots.add(pid),
    addDescendantsOf: (pid) => void silent.add(pid),
    async stop() {
      stopped = true;
      await Promise.all([look(), looking]);
      return peak;
    },
  };
}

/** The memory of the processes below `roots`, themselves included, and below `silent`, themselves not. */
export function residentOf(
  processes: readonly ProcessFacts[],
  roots: ReadonlySet<number>,
  silent: ReadonlySet<number>,
): number {
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const counts = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
      if (roots.has(at)) return true;
      if (silent.has(at)) return at !== pid;
    }
    return false;
  };
  return processes.reduce((sum, { pid, resident }) => (counts(pid) ? sum + resident : sum), 0);
}

/** A parent is read once for each process: the one whose parent has ended still belongs to the tree. */
function procLister(): () => ProcessFacts[] {
  const pageSize = 4096;
  let known = new Map<number, number>();
  return () => {
    const seen = new Map<number, number>();
    const processes: ProcessFacts[] = [];
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      if (!Number.isInteger(pid)) continue;
      try {
        const parent = known.get(pid) ?? parentOf(pid);
        seen.set(pid, parent);
        const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
        processes.push({ pid, parent, resident: pages * pageSize });
      } catch {
        // It ended between the two looks.
      }
    }
    known = seen;
    return processes;
  };
}

/** The fourth field of /proc/PID/stat; the second is a name in parentheses that may hold anything (proc_pid_stat(5)). */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

async function listByPs(): Promise<ProcessFacts[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,rss="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid, parent, kilobytes] = line.trim().split(/\s+/).map(Number);
    return pid !== undefined && parent !== undefined && kilobytes !== undefined
      ? [{ pid, parent, resident: kilobytes * 1024 }]
      : [];
  });
}
