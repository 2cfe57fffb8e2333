import type { Context } from "../context.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { describeHold, holdOf } from "../release/rolled-back.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";

export interface ResumeOrder {
  stack: string;
  releaseId: string;
  actor: string;
  runUrl?: string;
}

/**
 * Lets deployments of a stack go forward again after a rollback. What runs stays as it is: the word is written down as a
 * release of its own, with the parts of the one that is live.
 *
 * @returns undefined where nothing was held
 */
export async function resume(
  context: Context,
  releases: ReleaseStore,
  order: ResumeOrder,
): Promise<ReleaseManifest | undefined> {
  const { last } = await latestReleases(releases, order.stack);
  const hold = holdOf(last);
  if (!last || !hold) return undefined;
  context.reporter.say(describeHold(order.stack, hold));
  const at = context.now().toISOString();
  const { rollback, digest, ...runs } = last;
  const manifest: ReleaseManifest = {
    ...runs,
    id: order.releaseId,
    kind: "resume",
    actor: order.actor,
    runUrl: order.runUrl,
    startedAt: at,
    finishedAt: at,
    previous: last.id,
  };
  await releases.record(manifest);
  return manifest;
}
