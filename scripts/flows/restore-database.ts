import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import type { RestorePoint, StackDatabase } from "../providers/neon.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { type ReleaseStore, rollbackTarget } from "../release/store.ts";
import type { OpenedStack } from "./environment.ts";
import { databaseOf } from "./restore-point.ts";

/** How far back releases are looked through for a restore point. */
const HISTORY = 100;

export interface DatabaseRestore {
  /** What it would do, in one sentence. */
  tells: string;
  apply(): Promise<void>;
}

/**
 * Prepares to put a stack's database back to what it was before the first release after `to`. Its own step with its own word:
 * what was written since then goes from the database, though it stays at Neon as a branch.
 *
 * @param confirm must be the stack's name
 * @throws UserError `restore-point-missing`, `restore-unconfirmed`: nothing is touched
 */
export async function planDatabaseRestore(
  { reporter, now }: Context,
  releases: ReleaseStore,
  order: { stack: OpenedStack; to: string | undefined; confirm: string | undefined; dryRun: boolean },
): Promise<DatabaseRestore> {
  const { name } = order.stack;
  const target = await rollbackTarget(releases, name, order.to);
  const database = await databaseOf(order.stack);
  const point = database && (await pointAfter(target, await releases.list(name, HISTORY), database));
  if (!database || !point)
    throw new UserError(
      "restore-point-missing",
      `There is no restore point of ${name}'s database from between ${target.id} and the release after it.`,
      "Look at the branches of the Neon project: a branch can also be restored to any moment of its history there. Without --restore-database the rollback leaves the database alone.",
      EXIT.stopped,
    );
  const tells = `The database of ${name} goes back to ${point.createdAt}. What was written since then goes from it, and is kept as a branch at Neon.`;
  reporter.block("Restore of the database", `  ${tells}`);
  if (!order.dryRun && order.confirm !== name)
    throw new UserError(
      "restore-unconfirmed",
      `${tells} Nobody has confirmed that.`,
      `If that is what you want, run the same command with --confirm ${name}.`,
      EXIT.stopped,
    );
  return {
    tells,
    async apply() {
      const keptAs = `before-restore-${now().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-")}`;
      await reporter.step(
        `Restore of ${name}'s database`,
        () => database.restore(point.id, keptAs),
        () => `what it was is kept as ${keptAs}`,
      );
    },
  };
}

/** The restore point of the first release after the target that made one, if it still is there. */
async function pointAfter(
  target: ReleaseManifest,
  newestFirst: readonly ReleaseManifest[],
  database: StackDatabase,
): Promise<RestorePoint | undefined> {
  const points = await database.restorePoints();
  const later = newestFirst.filter(({ startedAt }) => startedAt > target.startedAt).toReversed();
  for (const { restorePoint } of later) {
    if (restorePoint === undefined) continue;
    return points.find(({ id }) => id === restorePoint);
  }
  return undefined;
}
