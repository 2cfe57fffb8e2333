import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../errors.ts";

/**
 * Holds a world for this process: two sets of clouds on one folder would undo each other's work. The lock is the
 * operating system's, on `<world>/lock.sqlite`, so that a process that was killed leaves none behind.
 *
 * @throws UserError `world-in-use`
 */
export function lockWorld(world: string): { release(): void } {
  mkdirSync(world, { recursive: true });
  const db = new DatabaseSync(join(world, "lock.sqlite"));
  try {
    db.exec("PRAGMA journal_mode=DELETE; PRAGMA busy_timeout=0; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw new UserError(
      "world-in-use",
      `Other clouds are running in the world ${world}.`,
      "End them first, or start these in another folder: --world DIR.",
      2,
      { cause: error },
    );
  }
  return { release: () => db.close() };
}
