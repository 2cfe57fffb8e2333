import type { Context } from "../context.ts";
import { type StackDatabase, stackDatabase } from "../providers/neon.ts";
import type { OpenedStack } from "./environment.ts";

const DAYS_KEPT = 14;
/** Neon's plans allow few branches (10 on the free one), and stacks and pull requests need theirs. */
const MOST = 4;

/** The stack's database at Neon; undefined without NEON_API_KEY, or where Neon has none for it. */
export function databaseOf({ name, secrets, repository }: OpenedStack): Promise<StackDatabase | undefined> {
  const key = secrets.get("NEON_API_KEY");
  if (!key) return Promise.resolve(undefined);
  const host = secrets.get("NEON_API_URL");
  return stackDatabase(key, repository, name, host && `${host.replace(/\/api\/v2$/, "")}/api/v2`);
}

/**
 * Keeps prod's data as they are before its servers are told of another image; the restore point's id. An image can't be asked
 * for its migrations from here, and a branch at Neon costs nothing until something changes: so each new image gets one.
 * The oldest make room.
 */
export async function makeRestorePoint(
  { reporter, now }: Context,
  stack: OpenedStack,
  releaseId: string,
): Promise<string | undefined> {
  if (stack.stage !== "prod") return undefined;
  const database = await databaseOf(stack);
  if (!database) return undefined;
  const point = await reporter.step(
    "Restore point of the database",
    async () => {
      const points = await database.restorePoints();
      for (const old of points.slice(0, Math.max(0, points.length - MOST + 1))) await database.drop(old.id);
      // A name is taken once; the second try of a release keeps another moment.
      const name = `${releaseId}-${Math.floor(now().getTime() / 1000)}`;
      return database.keep(name, new Date(now().getTime() + DAYS_KEPT * 86_400_000));
    },
    ({ name }) => name,
  );
  return point.id;
}
