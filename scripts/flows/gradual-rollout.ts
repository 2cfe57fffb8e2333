import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Context } from "../context.ts";
import type { GradualRollout } from "../edge/deploy-gradually.ts";
import type { RolloutSettings } from "../edge/rollout-settings.ts";
import type { Cloudflare } from "../providers/cloudflare.ts";
import { workerInvocations } from "../providers/worker-invocations.ts";
import { failsTooOften } from "../release/error-rate.ts";
import { askOnce, workerCheck } from "../release/verify.ts";
import type { OpenedStack } from "./environment.ts";

/** What the Worker failed before a rollout is taken from this long before it, in milliseconds. */
const USUAL_MS = 60 * 60 * 1000;

/**
 * What a rollout needs of the outside: it splits traffic by Cloudflare's API, asks the new version by its own id through the
 * edge, as anybody could, and watches the visitors' errors in Cloudflare's analytics.
 */
export function gradualRollout(
  context: Context,
  { secrets }: OpenedStack,
  settings: RolloutSettings,
  api: Cloudflare,
  outputs: StackOutputs,
  message: string,
): GradualRollout {
  const { accountId } = outputs;
  const cloudflare = {
    token: secrets.require("CLOUDFLARE_API_TOKEN"),
    baseUrl: secrets.get("CLOUDFLARE_BASE_URL"),
  };
  let isWatched = true;
  const calls = async (script: string, from: Date, to: Date) => {
    const found = await workerInvocations(cloudflare, { accountId, script, from, to });
    if (!("unknown" in found)) return found;
    if (isWatched)
      context.reporter.warn(
        `The errors of visitors can't be watched (${found.unknown}); CLOUDFLARE_API_TOKEN needs Account Analytics read. The rollout goes by health checks alone.`,
      );
    isWatched = false;
    return undefined;
  };
  return {
    settings,
    async migrationOf(scriptName, versionId) {
      const version = await api.workerVersion(accountId, scriptName, versionId);
      return version?.resources.script_runtime?.migration_tag ?? undefined;
    },
    tools: {
      now: context.now,
      signal: context.signal,
      split: (scriptName, shares) => api.deployVersions(accountId, scriptName, shares, message),
      async probe(worker, scriptName, versionId) {
        const check = workerCheck(worker, versionId, outputs);
        if (!check) return undefined;
        const headers = { "cloudflare-workers-version-overrides": `${scriptName}="${versionId}"` };
        return askOnce({ ...check, headers }, context.signal);
      },
      async complaint(scriptName, since, share) {
        const [before, during] = await Promise.all([
          calls(scriptName, new Date(since.getTime() - USUAL_MS), since),
          calls(scriptName, since, context.now()),
        ]);
        return before && during ? failsTooOften(before, during, share, settings.maxErrorPercent) : undefined;
      },
    },
  };
}
