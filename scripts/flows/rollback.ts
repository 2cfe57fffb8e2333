import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UntilHealthy } from "../../infra/src/awaited-server.ts";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { comesBackEmpty } from "../change/comes-back-empty.ts";
import { digest } from "../change/digest.ts";
import type { Hazard } from "../change/model.ts";
import type { Context } from "../context.ts";
import { restoreWorker } from "../edge/worker.ts";
import { messageOf, UserError } from "../errors.ts";
import { type Cloudflare, cloudflare } from "../providers/cloudflare.ts";
import type { UpdateRegistry } from "../recovery/registry.ts";
import { asLive } from "../release/live.ts";
import type { ReleaseManifest, Scope } from "../release/manifest.ts";
import {
  afterRollback,
  describeStep,
  planRollback,
  type RollbackPlan,
  type RollbackStep,
} from "../release/rollback-plan.ts";
import { latestReleases, type ReleaseStore, rollbackTarget } from "../release/store.ts";
import { type CheckResult, checksOf, verify } from "../release/verify.ts";
import { outputsFromState, rawOutputs } from "../stack/outputs.ts";
import { type Preview, previewStack } from "../stack/preview.ts";
import { readProject } from "../stack/stacks.ts";
import { assessChange } from "./assess-change.ts";
import { checkoutRelease } from "./checkout-release.ts";
import { lazyWrangler } from "./deploy.ts";
import type { OpenedStack } from "./environment.ts";
import { oneByOne } from "./one-by-one.ts";
import { readLive } from "./read-live.ts";
import { assertSigner, writeReleaseRecord } from "./release-record.ts";
import { guardRollback } from "./rollback-guard.ts";
import { updateStack } from "./update-stack.ts";
import { refuseWhatIsGone } from "./what-is-gone.ts";

export interface RollbackOrder {
  /** Opens the stack with the program of a checkout: the current one, or that of the release. */
  open(root: string): Promise<OpenedStack>;
  stackName: string;
  updates: UpdateRegistry;
  to?: string;
  scope: Scope;
  dryRun: boolean;
  /** Looks at the clouds first, so that what was changed by hand in resources is put back too. */
  refresh: boolean;
  /** What whoever asks for it has allowed, in the words of {@link guardRollback}. */
  allowed: readonly string[];
  /** Told what would change, before anything is done and before anything is refused. */
  show(forecast: RollbackForecast): void;
  releaseId(target: ReleaseManifest): string;
  actor: string;
  runUrl?: string;
  verifyLimitMs: number;
}

/** What a rollback would change. */
export interface RollbackForecast {
  stack: string;
  scope: Scope;
  from: ReleaseManifest;
  to: ReleaseManifest;
  plan: RollbackPlan;
  /** Of the infrastructure; undefined where the scope leaves it alone. */
  infra?: Infrastructure;
}

interface Infrastructure {
  preview: Preview;
  hazards: Hazard[];
  digest: string;
}

export interface RolledBack {
  plan: RollbackPlan;
  target: ReleaseManifest;
  hazards: Hazard[];
  /** Undefined after a dry run, and where there was nothing to do. */
  manifest?: ReleaseManifest;
  checks: CheckResult[];
}

/**
 * Brings an earlier release back, whole or in part, from the record of what that release was. Shows what would change
 * before it does anything, and refuses whole what can't come back whole, or whose hazards nobody allowed. The infrastructure
 * comes back as a deployment of that commit would bring it: what an update that was cut off has left is mended first.
 */
export async function rollback(
  context: Context,
  releases: ReleaseStore,
  order: RollbackOrder,
): Promise<RolledBack> {
  const { reporter, signal } = context;
  const started = context.now();
  // What is live, and that may be a release that failed its checks: the best reason to go back.
  const { last } = await latestReleases(releases, order.stackName);
  const target = await rollbackTarget(releases, order.stackName, order.to);
  if (!last)
    throw new UserError("release-unknown", `Stack ${order.stackName} has no release.`, "Deploy it first.", 2);

  const stack = await order.open(context.root);
  const api = cloudflare(
    stack.secrets.require("CLOUDFLARE_API_TOKEN"),
    stack.secrets.get("CLOUDFLARE_BASE_URL"),
  );
  const plans = mkdtempSync(join(tmpdir(), "plan-"));
  const planFile = join(plans, "plan.json");
  const wrangler = lazyWrangler(stack);
  try {
    // From the state and not by a preview: the way back must not need a program that works.
    const before = await outputsFromState(stack.target);
    const current = asLive(last, await readLive(api, before, last));
    let plan = planRollback(current, target, order.scope, order);
    const { limits } = plan;
    const touchesInfra = plan.steps.some(({ kind }) => kind === "infra");
    const found: { infra?: Infrastructure } = {};
    const show = async (infra?: Infrastructure) => {
      found.infra = infra;
      if (infra) plan = { ...plan, limits: [...limits, ...comesBackEmpty(infra.preview.change)] };
      order.show({ stack: order.stackName, scope: order.scope, from: last, to: target, plan, infra });
      await refuseWhatIsGone(api, before, plan.steps, target);
    };
    const targetStack = touchesInfra
      ? await order.open(await checkoutRelease(context.root, target.sha))
      : undefined;
    if (!targetStack || order.dryRun)
      await show(targetStack && (await previewTarget(context, order, targetStack, target, planFile)));
    if (order.dryRun || plan.steps.length === 0)
      return { plan, target, hazards: found.infra?.hazards ?? [], checks: [] };

    const workers = plan.steps.filter(({ kind }) => kind === "worker");
    const startWrangler = () => {
      if (workers.length > 0) wrangler.start(workers.length);
    };
    const message = `Rollback to ${target.id}`;
    const releaseId = order.releaseId(target);
    const back: RollbackStep[] = [];
    // To what the stack should run already: only what was changed past the pipeline comes back.
    const isRepair = target.id === last.id;
    let outputs = before;
    const record = async (outcome: ReleaseManifest["outcome"]): Promise<ReleaseManifest> => {
      const manifest: ReleaseManifest = {
        ...afterRollback(last, target, back),
        id: releaseId,
        ...(isRepair
          ? { kind: last.kind, rollback: last.rollback }
          : {
              kind: "rollback",
              rollback: { from: last.id, to: target.id, scope: order.scope },
            }),
        actor: order.actor,
        runUrl: order.runUrl,
        digest: found.infra?.digest,
        startedAt: started.toISOString(),
        finishedAt: context.now().toISOString(),
        previous: last.id,
        outcome,
      };
      await releases.record(manifest, outputs.app.url);
      return manifest;
    };
    // As soon as something changes: whatever comes of it, what is live must be known to whoever goes on.
    let hasBegun = targetStack === undefined;
    if (hasBegun) startWrangler();
    try {
      if (targetStack) {
        let untilHealthy: UntilHealthy | undefined;
        const updated = await updateStack(context, {
          stack: targetStack,
          updates: order.updates,
          sha: target.sha,
          message,
          digestKey: targetStack.secrets.require("DIGEST_KEY"),
          refresh: order.refresh,
          planFile,
          title: `Preview of ${order.stackName} at ${target.sha.slice(0, 7)}`,
          async guard(preview) {
            assertSigner(targetStack, rawOutputs(preview.events));
            const infra = await assess(context, order, targetStack, preview);
            await show(infra);
            guardRollback(order.stackName, target.id, infra.hazards, infra.digest, order.allowed);
            const recordIsLast = current.image === last.image;
            untilHealthy = await oneByOne(
              context,
              targetStack,
              preview,
              last,
              recordIsLast,
              order.verifyLimitMs,
            );
            hasBegun = true;
            startWrangler();
          },
          untilHealthy: async (server) => untilHealthy?.(server),
        });
        outputs = updated.outputs;
      }
      back.push(...plan.steps.filter(({ kind }) => kind === "infra"));
      signal.throwIfAborted();
      const parts = plan.steps.filter(({ kind }) => kind !== "infra");
      const settled = await Promise.allSettled(
        parts.map((step) =>
          bringBack(step, {
            context,
            stack,
            outputs,
            api,
            releaseId,
            wrangler: () => wrangler.start(),
            message,
          }),
        ),
      );
      back.push(...parts.filter((_, index) => settled[index]?.status === "fulfilled"));
      const failures = settled.flatMap((result) =>
        result.status === "rejected" ? [messageOf(result.reason)] : [],
      );
      if (failures.length > 0) {
        throw new UserError(
          "rollback-failed",
          `Not every part of ${order.stackName} is back at ${target.id}:\n${failures.join("\n")}\nBack: ${back.map(describeStep).join("; ") || "nothing"}.`,
          "Mend the cause and run the same command again: what is back already is left alone.",
        );
      }
      const checks = await reporter.step("Verify from outside", (note) =>
        verify(checksOf(afterRollback(last, target, back), outputs), {
          limitMs: order.verifyLimitMs,
          signal,
          onProgress: (right, of, waiting) =>
            note(`${right} of ${of} answer${waiting ? `; ${waiting}` : ""}`),
        }),
      );
      const wrong = checks.filter(({ ok }) => !ok);
      if (wrong.length > 0) {
        throw new UserError(
          "verify-failed",
          `The rollback to ${target.id} is done but does not answer right:\n${wrong.map(({ part, url, problem }) => `  ${part}: ${url} ${problem}`).join("\n")}`,
          "Look at the part that is named first.",
        );
      }
      return {
        plan,
        target,
        hazards: found.infra?.hazards ?? [],
        manifest: await record("succeeded"),
        checks,
      };
    } catch (error) {
      if (hasBegun) await record("failed");
      throw error;
    }
  } finally {
    await wrangler.close();
    rmSync(plans, { recursive: true, force: true });
  }
}

/** Previews the infrastructure of the target's own commit, and changes nothing, not even the state. */
async function previewTarget(
  context: Context,
  order: RollbackOrder,
  stack: OpenedStack,
  target: ReleaseManifest,
  planFile: string,
): Promise<Infrastructure> {
  const preview = await context.reporter.step(
    `Preview of ${order.stackName} at ${target.sha.slice(0, 7)}`,
    (note) =>
      previewStack(stack.target, {
        digestKey: stack.secrets.require("DIGEST_KEY"),
        planFile,
        refresh: order.refresh,
        signal: context.signal,
        onProgress: (resources) => note(`${resources} resources`),
      }),
    ({ change }) => (change.steps.length === 0 ? "no changes" : `${change.steps.length} to change`),
  );
  return assess(context, order, stack, preview);
}

/** The hazards of a preview, as those of a deployment would be, and what an approval of them names. */
async function assess(
  context: Context,
  order: RollbackOrder,
  stack: OpenedStack,
  preview: Preview,
): Promise<Infrastructure> {
  const { hazards } = await assessChange(context, readProject(context.root), stack, preview);
  const key = stack.secrets.require("DIGEST_KEY");
  return { preview, hazards, digest: digest(preview.change, { key, stack: order.stackName }) };
}

/** Brings one part of the edge, or the image, back. */
async function bringBack(
  step: RollbackStep,
  tools: {
    context: Context;
    stack: OpenedStack;
    outputs: StackOutputs;
    api: Cloudflare;
    releaseId: string;
    wrangler: () => Parameters<typeof restoreWorker>[0];
    message: string;
  },
): Promise<void> {
  const { context, stack, outputs, api, message } = tools;
  const { accountId } = outputs;
  switch (step.kind) {
    case "worker": {
      const { scriptName, to: versionId } = step;
      return context.reporter.step(describeStep(step), () =>
        restoreWorker(tools.wrangler(), { scriptName, versionId, accountId, message }),
      );
    }
    case "site":
      await context.reporter.step(describeStep(step), () =>
        api.rollbackPages(accountId, step.project, step.to),
      );
      return;
    case "image":
      return writeReleaseRecord(context, stack, outputs, tools.releaseId, step.to);
    case "infra":
      return;
  }
}
