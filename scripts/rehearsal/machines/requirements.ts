import { existsSync } from "node:fs";

/** What a machine needs of the host: a program, and the Debian package that has it. */
const PROGRAMS: readonly [path: string, debianPackage: string][] = [
  ["/usr/bin/systemd-nspawn", "systemd-container"],
  ["/usr/bin/mmdebstrap", "mmdebstrap"],
  ["/usr/lib/postgresql/15/bin/postgres", "postgresql"],
  ["/usr/sbin/ip", "iproute2"],
  ["/usr/sbin/nft", "nftables"],
  ["/usr/sbin/mkfs.ext4", "e2fsprogs"],
  ["/usr/sbin/losetup", "mount"],
];

/** Why this host can't boot machines, in one line that says what to install; undefined where it can. */
export function machinesMissing(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "machines need Linux and root (namespaces, loop disks, overlays).";
  const missing = PROGRAMS.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  return missing.length === 0 ? undefined : `install with apt-get: ${[...new Set(missing)].join(" ")}.`;
}
