import { accessSync, constants, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A whole run of the tests was seen to fill 80 MB. */
const ROOM_BYTES = 1024 ** 3;

/**
 * Where temporary files cost least: in memory, where the system has a place for that (https://docs.kernel.org/filesystems/tmpfs.html)
 * with room, and where programs may run: not in a container as Docker makes it, with 64 MB and `noexec`. Else where they
 * always are. TMPDIR has the last word.
 */
export function quickestPlace(memory = "/dev/shm"): string {
  if (process.env.TMPDIR) return tmpdir();
  const probe = join(memory, `quayside-probe-${process.pid}`);
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < ROOM_BYTES) return tmpdir();
    writeFileSync(probe, "", { mode: 0o700 });
    // Says no also where all that is mounted there may not be executed.
    accessSync(probe, constants.X_OK);
    return memory;
  } catch {
    return tmpdir();
  } finally {
    rmSync(probe, { force: true });
  }
}
