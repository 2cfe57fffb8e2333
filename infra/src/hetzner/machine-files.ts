import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A file as a server gets it. */
export interface MachineFile {
  path: string;
  content: string;
}

const FOLDER = join(import.meta.dirname, "..", "..", "machine");

/** The files of `infra/machine/` that are the same on every server, at the same place there. */
const PATHS = [
  "/etc/apt/apt.conf.d/52-unattended-upgrades-local",
  "/etc/docker/daemon.json",
  "/etc/nginx/conf.d/app.conf",
  "/etc/quayside/firewall.nft",
  "/etc/systemd/journald.conf.d/limits.conf",
  "/etc/systemd/system/app@.service",
  "/etc/systemd/system/data-backup.timer",
  "/etc/systemd/system/data@.service",
  "/etc/systemd/system/drain.service",
  "/etc/systemd/system/host-firewall.service",
  "/etc/systemd/system/nginx.service.d/restart.conf",
  "/etc/systemd/system/release-agent.service",
  "/etc/systemd/system/release-agent.timer",
  "/usr/local/lib/quayside/agent.py",
] as const;

/** What every server has, without the comments: those may change without replacing a living server. */
export function machineFiles(): MachineFile[] {
  return PATHS.map((path) => ({
    path,
    content: withoutComments(readFileSync(join(FOLDER, path), "utf8")),
  }));
}

/** Drops lines that hold a comment alone; the first line's `#!` stays, and so does a text that has `#` further on. */
function withoutComments(source: string): string {
  return source
    .split("\n")
    .filter((line) => !/^\s*#(?!!)/.test(line))
    .join("\n");
}
