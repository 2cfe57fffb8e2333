import { join } from "node:path";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { readBackup, writeBackup } from "../recovery/backup.ts";
import type { UpdateRegistry } from "../recovery/registry.ts";
import { breakLocks } from "../stack/break-locks.ts";
import { type Checkpoint, exportCheckpoint, importCheckpoint } from "../stack/checkpoint.ts";
import { StateLocked } from "../stack/lock.ts";
import { refreshStack } from "../stack/refresh.ts";
import type { OpenedStack } from "./environment.ts";
import { BACKUPS } from "./update-stack.ts";

export interface RestoreOrder {
  stack: OpenedStack;
  updates: UpdateRegistry;
  /** The backup's file. */
  file: string;
  /** Only says what would be other. */
  dryRun: boolean;
}

export interface Restored {
  takenAt: string;
  sha: string;
  /** URNs that the backup has and the present state does not. */
  back: string[];
  /** URNs that only the present state has; the next deployment finds them in the clouds and takes them over. */
  forgotten: string[];
  /** How many resources the clouds say other things of than the backup; undefined after a dry run. */
  different?: number;
}

/**
 * Puts a backup in the place of a stack's state, and brings it up to what the clouds say. The state that was there is backed up
 * first. Writes to no cloud: what the backup does not know, the next deployment takes over.
 *
 * @throws UserError `backup-unreadable`, `backup-of-another-stack`, `state-unfit`, `state-locked`
 */
export async function restore(context: Context, order: RestoreOrder): Promise<Restored> {
  const { stack, updates } = order;
  const { reporter } = context;
  const passphrase = stack.secrets.require("PULUMI_CONFIG_PASSPHRASE");
  const backup = readBackup(order.file, passphrase);
  if (backup.stack !== stack.name) {
    throw new UserError(
      "backup-of-another-stack",
      `${order.file} is a backup of stack ${backup.stack}, not of ${stack.name}. Nothing was touched.`,
      `Name a backup of ${stack.name}; they are the artifacts state-${stack.name} of its deployments.`,
      EXIT.usage,
    );
  }
  const present = await exportCheckpoint(stack.target);
  const [now, then] = [urnsOf(present), urnsOf(backup.checkpoint)];
  const difference = {
    takenAt: backup.takenAt,
    sha: backup.sha,
    back: [...then].filter((urn) => !now.has(urn)),
    forgotten: [...now].filter((urn) => !then.has(urn)),
  };
  if (order.dryRun) return difference;

  if (present.deployment.resources.length > 0) {
    const takenAt = context.now().toISOString();
    const kept = { stack: stack.name, takenAt, sha: "present", checkpoint: present };
    reporter.say(
      `  The state as it was is kept in ${writeBackup(join(context.root, BACKUPS), kept, passphrase)}.`,
    );
  }
  const put = () => importCheckpoint(stack.target, backup.checkpoint);
  await reporter.step(`State of ${stack.name} from ${backup.takenAt}`, () =>
    put().catch(async (error: unknown) => {
      if (!(error instanceof StateLocked)) throw error;
      await updates.judge(stack.name, error, context.now());
      await breakLocks(stack.target, error.locks);
      await put();
    }),
  );
  const different = await reporter.step(
    `Refresh of ${stack.name}`,
    () => refreshStack(stack.target, { signal: context.signal }),
    (count) => `${count} different`,
  );
  return { ...difference, different };
}

function urnsOf({ deployment }: Checkpoint): Set<string> {
  return new Set(deployment.resources.flatMap((resource) => (resource.delete ? [] : [resource.urn])));
}
