import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { processStart } from "../toolchain/process-identity.mjs";

/** A process, so that it can be asked later whether it still runs: on the same host, in the same boot, not a later one with its pid. */
export interface ProcessIdentity {
  host: string;
  /** Linux's id of this boot; undefined where the system has none. */
  boot?: string | undefined;
  pid: number;
  /** When it started, in whatever unit the system has. */
  start?: string | undefined;
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    boot: bootId(),
    pid: process.pid,
    start: processStart(process.pid),
  };
}

/** https://docs.kernel.org/admin-guide/sysctl/kernel.html#random */
function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/** When this machine was started. */
export function bootTime(now: Date): Date {
  return new Date(now.getTime() - uptime() * 1000);
}
