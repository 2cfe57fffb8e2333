import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UntilHealthy } from "../../infra/src/awaited-server.ts";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { digest } from "../change/digest.ts";
import type { Change } from "../change/model.ts";
import type { Context } from "../context.ts";
import { type DeployedEdge, deployEdge, EdgeFailure } from "../edge/deploy.ts";
import { otherSources } from "../edge/other-sources.ts";
import { findParts } from "../edge/parts.ts";
import type { PutBack } from "../edge/put-back.ts";
import type { RolloutSettings } from "../edge/rollout-settings.ts";
import { startWrangler, type Wrangler } from "../edge/wrangler.ts";
import { messageOf, UserError } from "../errors.ts";
import { type Cloudflare, cloudflare } from "../providers/cloudflare.ts";
import type { UpdateRegistry } from "../recovery/registry.ts";
import { withoutStrays } from "../release/live.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { refuseWhileHeld } from "../release/rolled-back.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";
import { type CheckResult, checksOf, verify } from "../release/verify.ts";
import { engineVersion } from "../stack/engine.ts";
import { rawOutputs } from "../stack/outputs.ts";
import type { Preview } from "../stack/preview.ts";
import { edgeChanges } from "./edge-changes.ts";
import type { OpenedStack } from "./environment.ts";
import { gradualRollout } from "./gradual-rollout.ts";
import { oneByOne } from "./one-by-one.ts";
import { appTokenHash, assertSigner, writeReleaseRecord } from "./release-record.ts";
import { makeRestorePoint } from "./restore-point.ts";
import { findStrays } from "./strays.ts";
import { assertTurnstile } from "./turnstile.ts";
import { type Mended, updateStack } from "./update-stack.ts";

/** What a deployment is asked to do. */
export interface DeployOrder {
  stack: OpenedStack;
  releaseId: string;
  sha: string;
  ref: string;
  actor: string;
  runUrl?: string;
  message: string;
  updates: UpdateRegistry;
  /**
   * Stops a deployment whose change may not be applied: throws a UserError with exit code 3. Gives the digest that was
   * reviewed, where there is one. `resumes` where an update of the same commit was cut off, and this one goes on with it.
   */
  guard(preview: Preview, mended: Pick<Mended, "resumes">): Promise<string | undefined>;
  /** Looks at the clouds first, so that what was changed by hand in resources is put back too. */
  refresh?: boolean;
  /** How new versions of Workers get their traffic; all of it at once where it is left out. */
  rollout?: RolloutSettings;
  /** Milliseconds until every part must answer right. */
  verifyLimitMs: number;
}

export interface Deployment {
  manifest: ReleaseManifest;
  outputs: StackOutputs;
  change: Change;
  /** What is new at the edge, by name; empty with an unchanged infrastructure means that nothing was done. */
  deployed: string[];
  unchanged: string[];
  checks: CheckResult[];
  /** True when the commit was on the stack already, whole. */
  nothingToDo: boolean;
}

/**
 * Brings a commit to a stack: preview → guard → apply with the plan → outputs → Workers, sites and release record →
 * verify → manifest.
 *
 * Can be run again after any failure: what is done already is found to be unchanged and is not done twice.
 */
export async function deploy(
  context: Context,
  releases: ReleaseStore,
  order: DeployOrder,
): Promise<Deployment> {
  const { reporter } = context;
  const { stack } = order;
  const started = context.now();
  const plans = mkdtempSync(join(tmpdir(), "plan-"));
  const wrangler = lazyWrangler(stack);
  try {
    const parts = findParts(stack.dir, context.root);
    const { current: previous, last } = await latestReleases(releases, stack.name);
    refuseWhileHeld(stack.name, last);
    // wrangler loads while the engine previews. For what only the preview brings to light, the guard starts it.
    const other = otherSources(parts, last ?? { workers: {}, sites: {} });
    if (other.length > 0) wrangler.start(other.length);
    const digestKey = stack.secrets.require("DIGEST_KEY");
    let changeDigest: string | undefined;
    let live = last;
    let strays: Awaited<ReturnType<typeof findStrays>> = [];
    let untilHealthy: UntilHealthy | undefined;
    const { preview, outputs, applied } = await updateStack(context, {
      stack,
      updates: order.updates,
      sha: order.sha,
      message: order.message,
      refresh: order.refresh === true,
      digestKey,
      planFile: join(plans, "plan.json"),
      async guard(found, mended) {
        assertSigner(stack, rawOutputs(found.events));
        assertTurnstile(stack, rawOutputs(found.events));
        const [reviewed, other] = await Promise.all([
          order.guard(found, mended),
          findStrays(context, stack, last, found.events),
        ]);
        strays = other;
        changeDigest = reviewed ?? digest(found.change, { key: digestKey, stack: stack.name });
        live = last && withoutStrays(last, strays);
        const recordIsLast = !strays.some(({ kind }) => kind === "record");
        untilHealthy = await oneByOne(context, stack, found, last, recordIsLast, order.verifyLimitMs);
        const edgeParts = edgeChanges(parts, found.events, live).filter(
          ({ kind, action }) => kind !== "image" && action !== "same",
        );
        if (edgeParts.length > 0) wrangler.start(edgeParts.length);
      },
      untilHealthy: async (server) => untilHealthy?.(server),
    });

    const release = {
      id: order.releaseId,
      sha: order.sha,
      stack: stack.name,
      message: order.message,
      at: started,
    };
    const base = {
      schema: 1,
      id: order.releaseId,
      stack: stack.name,
      kind: "deploy",
      sha: order.sha,
      ref: order.ref,
      actor: order.actor,
      runUrl: order.runUrl,
      digest: changeDigest,
      versions: { pulumi: engineVersion, wrangler: wranglerVersion() },
      image: outputs.image,
      appTokenHash: appTokenHash(stack),
      releaseKey: outputs.releaseRecord.publicKey,
      startedAt: started.toISOString(),
      previous: previous?.id,
    } as const;

    const settled = releases.settle(stack.name, outputs.app.url).catch((error: unknown) => {
      reporter.warn(`The last release's record at GitHub could not be finished: ${messageOf(error)}`);
    });
    context.signal.throwIfAborted();
    const isAnnounced =
      wasAnnounced(stack, outputs, [previous, last]) && !strays.some(({ kind }) => kind === "record");
    const restorePoint = isAnnounced ? undefined : await makeRestorePoint(context, stack, order.releaseId);
    const announced = isAnnounced
      ? Promise.resolve(false)
      : writeReleaseRecord(context, stack, outputs, order.releaseId, outputs.image).then(() => true);
    // Waited for below; until then a refusal must not end the process.
    announced.catch(() => undefined);
    let edge: DeployedEdge;
    try {
      edge = await deployEdge(
        {
          parts,
          outputs,
          previous: live,
          wrangler: () => wrangler.start(),
          restoreSite: (project, deploymentId) =>
            cloudflareOf(stack).rollbackPages(outputs.accountId, project, deploymentId),
          secrets: () => workerSecrets(stack, digestKey),
          rollout:
            order.rollout &&
            gradualRollout(context, stack, order.rollout, cloudflareOf(stack), outputs, order.message),
          release,
        },
        reporter,
      );
    } catch (error) {
      const image = await announced.then(
        () => outputs.image,
        () => last?.image ?? outputs.image,
      );
      if (!(error instanceof EdgeFailure)) throw error;
      await releases.record(
        {
          ...base,
          restorePoint,
          // What had strayed and was not deployed again is still what the last release should run.
          workers: { ...last?.workers, ...error.left.workers },
          sites: { ...last?.sites, ...error.left.sites },
          image,
          finishedAt: context.now().toISOString(),
          outcome: "failed",
        },
        outputs.app.url,
      );
      const interrupted = context.signal.reason instanceof UserError ? context.signal.reason : undefined;
      throw new UserError(
        interrupted?.code ?? (error.isReturned ? "rollout-returned" : "edge-failed"),
        [
          ...(interrupted ? [interrupted.message] : []),
          `The infrastructure of ${stack.name} is applied, but parts of the edge are not deployed:`,
          error.message,
          ...describeLeft(error.left),
        ].join("\n"),
        interrupted?.fix ?? "Mend the cause and run the same command again.",
        1,
        { cause: error },
      );
    }
    const imageChanged = await announced;
    await settled;

    const unchanged = applied === undefined && edge.deployed.length === 0 && !imageChanged;
    const nothingToDo =
      unchanged &&
      // A new commit that changes nothing is a release all the same: a tag on it asks whether it ran here.
      previous?.sha === order.sha &&
      previous.id === last?.id;
    const manifest: ReleaseManifest = {
      ...base,
      restorePoint,
      workers: edge.workers,
      sites: edge.sites,
      outcome: "succeeded",
      ...(unchanged ? { unchanged } : {}),
    };
    const checks = await reporter
      .step(
        "Verify from outside",
        (note) =>
          verify(checksOf(manifest, outputs), {
            limitMs: order.verifyLimitMs,
            signal: context.signal,
            onProgress: (right, of, waiting) =>
              note(`${right} of ${of} answer${waiting ? `; ${waiting}` : ""}`),
          }),
        (results) => `${results.filter(({ ok }) => ok).length} of ${results.length} answer right`,
      )
      .catch(async (error: unknown) => {
        // Interrupted: what is live must be known to the next deployment and to a rollback.
        const finishedAt = context.now().toISOString();
        if (!nothingToDo)
          await releases.record({ ...manifest, finishedAt, outcome: "failed" }, outputs.app.url);
        throw error;
      });
    const wrong = checks.filter(({ ok }) => !ok);
    const finished: ReleaseManifest = {
      ...manifest,
      finishedAt: context.now().toISOString(),
      outcome: wrong.length === 0 ? "succeeded" : "failed",
    };
    // A deployment that found everything in place is no new release; the last one still says what runs.
    if (!nothingToDo || wrong.length > 0) await releases.record(finished, outputs.app.url);
    if (wrong.length > 0) {
      throw new UserError(
        "verify-failed",
        `Release ${order.releaseId} is live on ${stack.name} but does not answer right:\n${wrong.map(({ part, url, problem }) => `  ${part}: ${url} ${problem}`).join("\n")}`,
        previous
          ? `Go back with: npm run rollback -- ${stack.name} --to ${previous.id}`
          : "Look at the part that is named first; there is no earlier release to go back to.",
      );
    }
    return {
      manifest: nothingToDo && previous ? previous : finished,
      outputs,
      change: preview.change,
      deployed: [...edge.deployed, ...(imageChanged ? ["image"] : [])],
      unchanged: edge.unchanged,
      checks,
      nothingToDo,
    };
  } finally {
    await wrangler.close();
    rmSync(plans, { recursive: true, force: true });
  }
}

/** What of the edge is live after a deployment that failed in part, in sentences. */
function describeLeft({ back, stayed }: PutBack): string[] {
  return [
    ...(back.length > 0 ? [`Put back as they were: ${back.join(", ")}.`] : []),
    ...stayed.map(({ part, why }) => `New and live all the same: ${part} (${why}).`),
    "All other parts are as they were.",
  ];
}

function cloudflareOf({ secrets }: OpenedStack): Cloudflare {
  return cloudflare(secrets.require("CLOUDFLARE_API_TOKEN"), secrets.get("CLOUDFLARE_BASE_URL"));
}

/**
 * Whether the servers were told this image, and the token for its secrets. By the last good release and by the last one:
 * after a failed release they were told another image than they run, and a release that failed is announced once more.
 */
function wasAnnounced(
  stack: OpenedStack,
  { image, releaseRecord: { publicKey } }: StackOutputs,
  before: (ReleaseManifest | undefined)[],
): boolean {
  const token = appTokenHash(stack);
  return before.every(
    (release) =>
      release?.image === image && release.appTokenHash === token && release.releaseKey === publicKey,
  );
}

/** The secrets that Workers get, and the key for their hashes. */
export function workerSecrets(
  stack: OpenedStack,
  hashKey: string,
): { values: Record<string, string>; hashKey: string } {
  const values: Record<string, string> = {};
  for (const name of ["INTAKE_SIGNING_KEY", "INTAKE_OPERATOR_KEY", "INTAKE_TURNSTILE_SECRET"]) {
    const value = stack.secrets.get(name);
    if (value) values[name] = value;
  }
  return { values, hashKey };
}

/** Wrangler processes that are started at the first call, for about that many commands, or never. */
export function lazyWrangler(stack: OpenedStack): {
  start: (commands?: number) => Wrangler;
  close: () => Promise<void>;
} {
  let started: Wrangler | undefined;
  return {
    start: (commands = 1) => {
      started ??= startWrangler(stack.secrets.forConsumer("wrangler"), processesFor(commands));
      return started;
    },
    close: async () => started?.close(),
  };
}

/**
 * How many wrangler processes are worth their start (a second of a core and a quarter of a gigabyte each) for a number of
 * commands: one does eight at once, and only where many more of them keep its one core busy does a second help.
 */
function processesFor(commands: number): number {
  return commands <= 12 ? 1 : 2;
}

function wranglerVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("wrangler/package.json") as { version: string }).version;
}
