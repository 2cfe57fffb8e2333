import { join } from "node:path";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { writeBackup } from "../recovery/backup.ts";
import type { UpdateRegistry } from "../recovery/registry.ts";
import { mask } from "../secrets/redaction.ts";
import { breakLocks } from "../stack/break-locks.ts";
import { exportCheckpoint } from "../stack/checkpoint.ts";
import { StateLocked } from "../stack/lock.ts";
import { changePassphrase, readInClear, withPassphrase } from "../stack/passphrase.ts";
import type { StackTarget } from "../stack/target.ts";
import { BACKUPS } from "./update-stack.ts";

/** Where a stack's passphrase is kept, and the one that is about to take its place. */
export interface PassphraseKeeper {
  current: string;
  /** What an earlier change that was interrupted meant to put in its place. */
  next: string | undefined;
  /** Keeps it where nothing opens a state with it yet. */
  keepNext(passphrase: string): Promise<void>;
  /** Makes it the one that every job opens the state with. */
  adoptNext(passphrase: string): Promise<void>;
  forgetNext(): Promise<void>;
}

export interface PassphraseOrder {
  target: StackTarget;
  updates: UpdateRegistry;
  keeper: PassphraseKeeper;
  /** A new one; used where no earlier change has left its own. */
  fresh: string;
}

/** What became of it. */
export interface PassphraseChange {
  /** An earlier change was gone on with. */
  resumed: boolean;
  /** The stack's settings in the checkout have another salt now, and have to be committed. */
  settingsWritten: boolean;
}

/**
 * Changes the passphrase that a stack's state is encrypted with: the new one is kept before the state is touched, the state is
 * backed up and encrypted anew by the engine, and the new one takes the old one's place. Wherever it is cut off, both
 * passphrases are known, the state opens with one of them, and the same command goes on.
 *
 * A job that begins in between stops with `passphrase-wrong` and has touched nothing; one that holds the stack's lock is waited for
 * by nobody: the change stops.
 *
 * @throws UserError `state-locked`, `passphrase-wrong` where neither opens the state
 */
export async function rotatePassphrase(
  context: Context,
  { target, updates, keeper, fresh }: PassphraseOrder,
): Promise<PassphraseChange> {
  const { name } = target;
  const { reporter } = context;
  const next = keeper.next ?? fresh;
  for (const each of [keeper.current, next]) mask(each);
  const resumed = keeper.next !== undefined;
  const [old, renewed] = [withPassphrase(target, keeper.current), withPassphrase(target, next)];
  let before: string | undefined;
  if (resumed) before = await opens(old);
  else {
    // Before anything is written: a stack that is locked, or that the known one does not open, stays as it is.
    await updates.earlier(name, context.now());
    before = await readInClear(old);
    await keeper.keepNext(next);
  }
  let settingsWritten = false;
  if (before !== undefined && keeper.current !== next) {
    settingsWritten = await reporter.step(`State of ${name} under the new passphrase`, async () => {
      const checkpoint = await exportCheckpoint(old);
      const takenAt = context.now().toISOString();
      const backup = writeBackup(
        join(context.root, BACKUPS),
        { stack: name, takenAt, sha: "passphrase", checkpoint },
        keeper.current,
      );
      const change = () => changePassphrase(old, next);
      const written = await change().catch(async (error: unknown) => {
        if (!(error instanceof StateLocked)) throw error;
        await updates.judge(name, error, context.now());
        await breakLocks(old, error.locks);
        return change();
      });
      if ((await readInClear(renewed)) !== before)
        reporter.warn(
          `The state of ${name} is not what it was a moment before: an update ran meanwhile. What it was is kept in ${backup}. Deploy ${name} with --refresh.`,
        );
      return written;
    });
  } else await readInClear(renewed);
  await reporter.step(`PULUMI_CONFIG_PASSPHRASE of ${name}`, () => keeper.adoptNext(next));
  await keeper.forgetNext();
  return { resumed, settingsWritten };
}

/** The state in clear; undefined where this passphrase is not its own. */
async function opens(target: StackTarget): Promise<string | undefined> {
  try {
    return await readInClear(target);
  } catch (error) {
    if (error instanceof UserError && error.code === "passphrase-wrong") return undefined;
    throw error;
  }
}
