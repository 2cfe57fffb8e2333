import type { StackOutputs } from "../../infra/src/outputs.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Cloudflare } from "../providers/cloudflare.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { RollbackStep } from "../release/rollback-plan.ts";

/**
 * Refuses a whole rollback when a part of it has nothing to go back to, before anything is touched. Cloudflare's own
 * reasons: https://developers.cloudflare.com/workers/versions-and-deployments/rollbacks/
 *
 * @throws UserError `rollback-impossible` (exit code 3) with every reason
 */
export async function refuseWhatIsGone(
  api: Cloudflare,
  outputs: Pick<StackOutputs, "accountId">,
  steps: readonly RollbackStep[],
  target: ReleaseManifest,
): Promise<void> {
  const reasons = (await Promise.all(steps.map((step) => whatIsGone(api, outputs.accountId, step)))).flat();
  if (reasons.length === 0) return;
  throw new UserError(
    "rollback-impossible",
    `Release ${target.id} can't be brought back whole:\n${reasons.map((reason) => `  - ${reason}`).join("\n")}\nNothing was touched.`,
    `Deploy its commit again instead (${target.sha}), or choose a smaller --scope.`,
    EXIT.stopped,
  );
}

async function whatIsGone(api: Cloudflare, accountId: string, step: RollbackStep): Promise<string[]> {
  switch (step.kind) {
    case "worker":
      return workerGone(api, accountId, step);
    case "site":
      return (await api.hasPagesDeployment(accountId, step.project, step.to))
        ? []
        : [`Site ${step.name} has no deployment ${step.to} any more: it was deleted.`];
    case "image":
    case "infra":
      return [];
  }
}

async function workerGone(
  api: Cloudflare,
  accountId: string,
  { name, scriptName, from, to }: Extract<RollbackStep, { kind: "worker" }>,
): Promise<string[]> {
  const [version, now, deployable] = await Promise.all([
    api.workerVersion(accountId, scriptName, to),
    from === undefined ? undefined : api.workerVersion(accountId, scriptName, from.split("+")[0] ?? from),
    api.deployableVersions(accountId, scriptName),
  ]);
  if (!version) return [`Worker ${name} has no version ${to} any more.`];
  if (!deployable.includes(to))
    return [
      `Worker ${name}'s version ${to} is not among the newest 100, and Cloudflare deploys no older one.`,
    ];

  const reasons: string[] = [];
  const then = version.resources.script_runtime?.migration_tag ?? "none";
  const since = now?.resources.script_runtime?.migration_tag ?? "none";
  if (now && then !== since)
    reasons.push(
      `Worker ${name} has had a Durable Object migration since (${then} → ${since}): its stored objects can't go back, so Cloudflare refuses version ${to}.`,
    );
  const bindings = version.resources.bindings ?? [];
  const there = await Promise.all(bindings.map((binding) => api.hasBoundResource(accountId, binding)));
  for (const [index, binding] of bindings.entries())
    if (!there[index])
      reasons.push(
        `Worker ${name}'s version ${to} is bound to a resource that is gone (${binding.name}, ${binding.type}).`,
      );
  return reasons;
}
