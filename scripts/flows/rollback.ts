import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { digest } from "../change/digest.ts";
import type { Context } from "../context.ts";
import { restoreWorker } from "../edge/worker.ts";
import { EXIT, UserError } from "../errors.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import {
  afterRollback,
  describeStep,
  planRollback,
  type RollbackPlan,
  type RollbackStep,
  type Scope,
} from "../release/rollback-plan.ts";
import { latestReleases, type ReleaseStore, rollbackTarget } from "../release/store.ts";
import { type CheckResult, checksOf, verify } from "../release/verify.ts";
import { applyStack } from "../stack/apply.ts";
import { outputsFromEvents } from "../stack/outputs.ts";
import { previewStack } from "../stack/preview.ts";
import { lazyWrangler, writeReleaseRecord } from "./deploy.ts";
import type { OpenedStack } from "./environment.ts";

export interface RollbackOrder {
  /** Opens the stack with the program of a checkout: the current one, or that of the release. */
  open(root: string): Promise<OpenedStack>;
  stackName: string;
  to?: string;
  scope: Scope;
  dryRun: boolean;
  releaseId(target: ReleaseManifest): string;
  actor: string;
  runUrl?: string;
  verifyLimitMs: number;
}

export interface RolledBack {
  plan: RollbackPlan;
  target: ReleaseManifest;
  /** Undefined after a dry run, and where there was nothing to do. */
  manifest?: ReleaseManifest;
  checks: CheckResult[];
}

/**
 * Brings an earlier release back, whole or in part, from the record of what that release was. Shows what would change
 * before it does anything, and refuses whole what can't come back whole.
 */
export async function rollback(
  context: Context,
  releases: ReleaseStore,
  order: RollbackOrder,
): Promise<RolledBack> {
  const { reporter } = context;
  const started = context.now();
  // What is live, and that may be a release that failed its checks: the best reason to go back.
  const { last: current } = await latestReleases(releases, order.stackName);
  const target = await rollbackTarget(releases, order.stackName, order.to);
  if (!current)
    throw new UserError("release-unknown", `Stack ${order.stackName} has no release.`, "Deploy it first.", 2);

  const plan = planRollback(current, target, order.scope);
  const stack = await order.open(context.root);
  const api = cloudflare(
    stack.secrets.require("CLOUDFLARE_API_TOKEN"),
    stack.secrets.get("CLOUDFLARE_BASE_URL"),
  );
  const digestKey = stack.secrets.require("DIGEST_KEY");
  const worktree = plan.steps.some(({ kind }) => kind === "infra")
    ? await checkoutRelease(context.root, target.sha)
    : undefined;
  const infra = worktree ? await order.open(worktree) : stack;
  const plans = mkdtempSync(join(tmpdir(), "plan-"));
  const planFile = join(plans, "plan.json");
  const wrangler = lazyWrangler(stack);
  try {
    const preview = await reporter.step(
      worktree ? `Preview of ${order.stackName} at ${target.sha.slice(0, 7)}` : `Reading ${order.stackName}`,
      () => previewStack(infra.target, { digestKey, planFile, signal: context.signal }),
      ({ change }) => (worktree ? `${change.steps.length} to change` : ""),
    );
    reporter.block(
      `Rollback of ${order.stackName} from ${current.id} to ${target.id} (${order.scope})`,
      [
        ...plan.steps.map((step) => `  ${describeStep(step)}`),
        ...(plan.steps.length === 0 ? ["  Nothing to do: this is what runs."] : []),
        ...(worktree
          ? preview.change.steps.map(({ operation, name, type }) => `    ${operation} ${name} (${type})`)
          : []),
        ...plan.limits.map((limit) => `  Not undone: ${limit}`),
      ].join("\n"),
    );
    let outputs = outputsFromEvents(order.stackName, preview.events);
    await refuseWhatIsGone(plan, target, outputs, api);
    if (order.dryRun || plan.steps.length === 0) return { plan, target, checks: [] };

    const workers = plan.steps.filter(({ kind }) => kind === "worker");
    if (workers.length > 0) wrangler.start(workers.length);
    if (worktree && preview.change.steps.length > 0) {
      const applied = await reporter.step(`Update of ${order.stackName}`, () =>
        applyStack(infra.target, {
          planFile,
          message: `Rollback to ${target.id}`,
          signal: context.signal,
        }),
      );
      outputs = applied.outputs;
    }
    context.signal.throwIfAborted();
    const message = `Rollback to ${target.id}`;
    const releaseId = order.releaseId(target);
    const bringBack = async (step: RollbackStep): Promise<void> => {
      switch (step.kind) {
        case "worker":
          return reporter.step(describeStep(step), () =>
            restoreWorker(wrangler.start(), {
              scriptName: step.scriptName,
              versionId: step.to,
              accountId: outputs.accountId,
              message,
            }),
          );
        case "site":
          await reporter.step(describeStep(step), () =>
            api.rollbackPages(outputs.accountId, step.project, step.to),
          );
          return;
        case "image":
          return writeReleaseRecord(context, stack, outputs, releaseId, step.to);
        case "infra":
          return;
      }
    };
    const settled = await Promise.allSettled(plan.steps.map(bringBack));
    const back = plan.steps.filter((_, index) => settled[index]?.status === "fulfilled");
    const failures = settled.flatMap((result) =>
      result.status === "rejected" ? [messageOf(result.reason)] : [],
    );

    const manifest: ReleaseManifest = {
      ...afterRollback(current, target, back),
      id: releaseId,
      kind: "rollback",
      actor: order.actor,
      runUrl: order.runUrl,
      digest: worktree ? digest(preview.change, { key: digestKey, stack: order.stackName }) : undefined,
      startedAt: started.toISOString(),
      previous: current.id,
      outcome: "succeeded",
    };
    const record = (outcome: ReleaseManifest["outcome"]) => {
      const finished = { ...manifest, finishedAt: context.now().toISOString(), outcome };
      return releases.record(finished, outputs.app.url).then(() => finished);
    };
    if (failures.length > 0) {
      await record("failed");
      throw new UserError(
        "rollback-failed",
        `Not every part of ${order.stackName} is back at ${target.id}:\n${failures.join("\n")}\nBack: ${back.map(describeStep).join("; ") || "nothing"}.`,
        "Mend the cause and run the same command again: what is back already is left alone.",
      );
    }
    const checks = await reporter
      .step("Verify from outside", (note) =>
        verify(checksOf(manifest, outputs), {
          limitMs: order.verifyLimitMs,
          signal: context.signal,
          onProgress: (right, of) => note(`${right} of ${of} answer`),
        }),
      )
      .catch(async (error: unknown) => {
        // Interrupted: what is live must be known to whoever goes on.
        await record("failed");
        throw error;
      });
    const wrong = checks.filter(({ ok }) => !ok);
    const finished = await record(wrong.length === 0 ? "succeeded" : "failed");
    if (wrong.length > 0) {
      throw new UserError(
        "verify-failed",
        `The rollback to ${target.id} is done but does not answer right:\n${wrong.map(({ part, url, problem }) => `  ${part}: ${url} ${problem}`).join("\n")}`,
        "Look at the part that is named first.",
      );
    }
    return { plan, target, manifest: finished, checks };
  } finally {
    await wrangler.close();
    rmSync(plans, { recursive: true, force: true });
  }
}

/** Refuses the whole rollback when a part of it has nothing to go back to, before anything is touched. */
async function refuseWhatIsGone(
  plan: RollbackPlan,
  target: ReleaseManifest,
  outputs: StackOutputs,
  api: ReturnType<typeof cloudflare>,
): Promise<void> {
  const gone = await Promise.all(
    plan.steps.map(async (step) => {
      if (
        step.kind === "worker" &&
        !(await api.hasWorkerVersion(outputs.accountId, step.scriptName, step.to))
      ) {
        return `Worker ${step.name} has no version ${step.to} any more (Cloudflare keeps the newest 100)`;
      }
      if (step.kind === "site" && !(await api.hasPagesDeployment(outputs.accountId, step.project, step.to))) {
        return `site ${step.name} has no deployment ${step.to} any more`;
      }
      return undefined;
    }),
  );
  const reasons = gone.filter((reason) => reason !== undefined);
  if (reasons.length === 0) return;
  throw new UserError(
    "rollback-impossible",
    `Release ${target.id} can't be brought back whole: ${reasons.join("; ")}. Nothing was touched.`,
    `Deploy its commit again instead (${target.sha}), or choose a smaller --scope.`,
    EXIT.stopped,
  );
}

/** A worktree of the release's commit, below the repository so that the installed packages are found. */
async function checkoutRelease(root: string, sha: string): Promise<string> {
  const dir = join(root, ".releases", "worktrees", sha);
  if (existsSync(join(dir, "infra", "Pulumi.yaml"))) return dir;
  try {
    // What a checkout that was killed half-way has left.
    rmSync(dir, { recursive: true, force: true });
    await execa("git", ["worktree", "add", "--detach", "--force", dir, sha], { cwd: root });
  } catch (error) {
    throw new UserError(
      "commit-missing",
      `Commit ${sha} of that release is not in this clone.`,
      "Fetch the whole history (git fetch --unshallow; in a workflow, fetch-depth: 0) and run the command again.",
      EXIT.usage,
      { cause: error },
    );
  }
  return dir;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
