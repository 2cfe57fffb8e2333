import { join } from "node:path";
import type { UntilHealthy } from "../../infra/src/awaited-server.ts";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { cloudflareInventory } from "../providers/cloudflare-inventory.ts";
import { hetznerInventory } from "../providers/hetzner-inventory.ts";
import { writeBackup } from "../recovery/backup.ts";
import { changes, type Reconciled, reconcile } from "../recovery/reconcile.ts";
import type { UpdateRegistry } from "../recovery/registry.ts";
import { makesCertificates, revokeDoubles } from "../recovery/revoke-doubles.ts";
import { SERVER, startServers } from "../recovery/start-servers.ts";
import { type Applied, applyStack } from "../stack/apply.ts";
import { breakLocks } from "../stack/break-locks.ts";
import { type Checkpoint, exportCheckpoint } from "../stack/checkpoint.ts";
import { StateLocked } from "../stack/lock.ts";
import { outputsFromEvents } from "../stack/outputs.ts";
import { type Preview, previewStack } from "../stack/preview.ts";
import { refreshStack } from "../stack/refresh.ts";
import type { OpenedStack } from "./environment.ts";

/** Where backups of states are written; the workflow keeps the folder as an artifact. */
export const BACKUPS = ".state-backups";

export interface UpdateOrder {
  stack: OpenedStack;
  updates: UpdateRegistry;
  /** The commit that is deployed. */
  sha: string;
  message: string;
  digestKey: string;
  /** Lets the state take note of what was changed by hand first. */
  refresh?: boolean;
  /** Where the plan of the last preview is saved; the update does what it says and nothing else. */
  planFile: string;
  /** What the preview is called while it runs. */
  title?: string;
  /** Says whether to go on, from the preview and from what was mended before it; throws where it may not be applied. */
  guard(preview: Preview, mended: Mended): Promise<void>;
  /** Of the update that the guard has let through. */
  untilHealthy?: UntilHealthy;
}

/** What an earlier update had left that was brought into the state before the preview. */
export interface Mended extends Pick<Reconciled, "adopted" | "doubted" | "report"> {
  /**
   * The updates that did not end in order were all of this very commit: what the preview does not show any more, they have
   * done. No other one has ended in order since, as that would have closed their records.
   */
  resumes: boolean;
}

export interface StackUpdate {
  preview: Preview;
  outputs: StackOutputs;
  applied: Applied | undefined;
  mended: Mended;
}

/**
 * Updates a stack: preview → what an earlier update left is mended → guard → backup of the state → update with the plan.
 *
 * It is written down who is at it for as long as the engine works. A lock whose owner is known to be gone is broken, and all of
 * it is done once more from the start, since the state may be another one than was previewed.
 *
 * @throws UserError `state-locked`, `apply-failed`, `interrupted`, what the guard throws, or another one of the engine's
 */
export async function updateStack(context: Context, order: UpdateOrder): Promise<StackUpdate> {
  try {
    return await attempt(context, order);
  } catch (error) {
    if (!(error instanceof StateLocked) || error.judged) throw error;
    const { stack, updates } = order;
    const reasons = await updates.judge(stack.name, error, context.now());
    await breakLocks(stack.target, error.locks);
    context.reporter.warn(
      `The lock of ${stack.name} was broken, as its owner is gone:\n  ${reasons.join("\n  ")}`,
    );
    return attempt(context, order);
  }
}

async function attempt(context: Context, order: UpdateOrder): Promise<StackUpdate> {
  const { reporter, signal } = context;
  const { stack, updates, planFile, digestKey } = order;
  const { target, name } = stack;
  const { records } = updates;
  const look = (title: string) =>
    reporter.step(
      title,
      (note) =>
        previewStack(target, {
          digestKey,
          planFile,
          signal,
          onProgress: (resources) => note(`${resources} resources`),
        }),
      ({ change }) => (change.steps.length === 0 ? "no changes" : `${change.steps.length} to change`),
    );
  const backup = (checkpoint: Checkpoint) => keepBackup(context, order, checkpoint);

  const asked = updates.earlier(name, context.now());
  // Waited for below; until then a refusal must not end the process.
  asked.catch(() => undefined);
  if (order.refresh)
    await reporter.step(
      `Refresh of ${name}`,
      () => refreshStack(target, { signal }),
      (different) => `${different} different`,
    );
  const first = await look(order.title ?? `Preview of ${name}`);
  const earlier = await asked;
  const {
    preview,
    state: known,
    reread,
    ...reconciled
  } = await reconcile({
    target,
    preview: first,
    planFile,
    doubtful: earlier.length > 0,
    clouds: (zoneId) => cloudsOf(stack, zoneId),
    again: () => look(`Preview of ${name} once more`),
    backup,
    ...(signal ? { signal } : {}),
  });
  const resumes = earlier.length > 0 && earlier.every(({ record }) => record.sha === order.sha);
  const mended: Mended = { ...reconciled, resumes };
  if (mended.report.length > 0)
    reporter.block(
      `Mended before the update of ${name}`,
      mended.report.map((line) => `  ${line}`).join("\n"),
    );

  const nothing = !changes(preview);
  const state = nothing ? undefined : known ? Promise.resolve(known) : exportCheckpoint(target);
  // Waited for below; until then a refusal must not end the process.
  state?.catch(() => undefined);
  await order.guard(preview, mended);
  const closeEarlier = () =>
    Promise.all([
      ...earlier.map(({ key }) => ended(context, () => records.close(key))),
      ended(context, () => records.tidy(name)),
    ]);
  const sweep = async (zoneId: string | undefined) => {
    try {
      const doubles = await revokeDoubles(await exportCheckpoint(target), cloudsOf(stack, zoneId));
      for (const line of doubles) reporter.warn(line);
    } catch (error) {
      reporter.warn(`Nobody could look for certificates that were made twice: ${messageOf(error)}`);
    }
    await start(reread);
  };
  const start = async (urns: readonly string[]) => {
    if (!urns.some((urn) => urn.includes(SERVER))) return;
    try {
      const { hetzner } = cloudsOf(stack, undefined);
      for (const line of await startServers(await exportCheckpoint(target), urns, hetzner, signal))
        reporter.warn(line);
    } catch (error) {
      reporter.warn(`Nobody could look for servers that were left switched off: ${messageOf(error)}`);
    }
  };
  if (!state) {
    const outputs = outputsFromEvents(name, preview.events);
    if (earlier.length > 0) await sweep(outputs.zone.id);
    await closeEarlier();
    return { preview, outputs, applied: undefined, mended };
  }

  const made = [
    ...preview.change.steps.flatMap(({ type, operation }) =>
      operation === "create" || operation === "replace" ? [type] : [],
    ),
    ...mended.adopted.flatMap((urn) => urn.split("::")[2]?.split("$").at(-1) ?? []),
  ];
  const changed = preview.change.steps.flatMap(({ urn, type, operation }) =>
    type === SERVER && operation === "update" ? [urn] : [],
  );
  const applied = await applyRecorded(context, order, await state, async ({ outputs }) => {
    if (makesCertificates(made) || earlier.length > 0) await sweep(outputs.zone.id);
  }).catch(async (error: unknown) => {
    if (!(error instanceof StateLocked) && !signal.aborted) await start(changed);
    throw error;
  });
  await closeEarlier();
  return { preview, outputs: applied.outputs, applied, mended };
}

/**
 * Applies a plan, with the state backed up before, and written down who is at it for as long as the engine works.
 *
 * @param state the state as it is now
 * @param afterwards what belongs to the update and comes after the engine; killed in it, the next update looks more closely
 */
async function applyRecorded(
  context: Context,
  order: Pick<UpdateOrder, "stack" | "updates" | "sha" | "message" | "planFile" | "untilHealthy">,
  state: Checkpoint,
  afterwards: (applied: Applied) => Promise<void>,
): Promise<Applied> {
  const { stack, planFile, message, updates, untilHealthy } = order;
  const { records } = updates;
  keepBackup(context, order, state);
  context.signal.throwIfAborted();
  const key = await begin(context, order);
  try {
    const applied = await context.reporter.step(
      `Update of ${stack.name}`,
      (note) =>
        applyStack(stack.target, {
          planFile,
          message,
          signal: context.signal,
          onProgress: (done, resource) => note(`${done} done, ${resource}`),
          ...(untilHealthy ? { hooks: { untilHealthy } } : {}),
        }),
      ({ counts }) => describeCounts(counts),
    );
    await afterwards(applied);
    if (key !== undefined) await ended(context, () => records.close(key));
    return applied;
  } catch (error) {
    // Refused at the lock, it has touched nothing; whoever holds the lock is written down by himself.
    const end = error instanceof StateLocked ? records.close : records.fail;
    if (key !== undefined) await ended(context, () => end(key));
    throw error;
  }
}

function cloudsOf({ secrets }: OpenedStack, zoneId: string | undefined) {
  return {
    hetzner: hetznerInventory(secrets.require("HCLOUD_TOKEN"), secrets.get("HCLOUD_ENDPOINT")),
    cloudflare: cloudflareInventory(
      secrets.require("CLOUDFLARE_API_TOKEN"),
      secrets.get("CLOUDFLARE_BASE_URL"),
    ),
    zoneId,
  };
}

function keepBackup(
  context: Context,
  { stack, sha }: Pick<UpdateOrder, "stack" | "sha">,
  checkpoint: Checkpoint,
): void {
  if (checkpoint.deployment.resources.length === 0) return;
  const takenAt = context.now().toISOString();
  const passphrase = stack.secrets.require("PULUMI_CONFIG_PASSPHRASE");
  writeBackup(join(context.root, BACKUPS), { stack: stack.name, takenAt, sha, checkpoint }, passphrase);
}

/** Without its record an update is as good as before; only the next one can't tell whose lock it finds. */
async function begin(
  context: Context,
  { updates, stack, sha }: Pick<UpdateOrder, "updates" | "stack" | "sha">,
): Promise<string | undefined> {
  const record = updates.record({ stack: stack.name, sha, startedAt: context.now() });
  try {
    return await updates.records.begin(record);
  } catch (error) {
    context.reporter.warn(`It could not be written down who updates ${stack.name}: ${messageOf(error)}`);
    return undefined;
  }
}

async function ended(context: Context, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    context.reporter.warn(
      `It could not be written down that the update has ended: ${messageOf(error)} The next one looks at the stack more closely, and finds nothing.`,
    );
  }
}

function describeCounts(counts: Record<string, number>): string {
  const parts = Object.entries(counts).filter(([operation, count]) => operation !== "same" && count > 0);
  return parts.map(([operation, count]) => `${count} ${operation}`).join(", ") || "no changes";
}
