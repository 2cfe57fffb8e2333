import type { Github } from "../github/client.ts";
import type { GithubEvent } from "../github/event.ts";
import { readRun } from "../github/runs.ts";
import type { StateLock } from "../stack/lock.ts";
import { StateLocked } from "../stack/lock.ts";
import { type Holder, judgeLock, judgeUpdate, type Witnesses } from "./holder.ts";
import { fileUpdates, githubUpdates } from "./record-stores.ts";
import { thisProcess } from "./this-process.ts";
import type { OpenUpdate, UpdateRecord, UpdateRecords } from "./update-record.ts";

/** The updates of the stacks: who is at it, and who was and did not end in order. */
export interface UpdateRegistry {
  records: UpdateRecords;
  /** The record of an update that this process begins. */
  record(update: { stack: string; sha: string; startedAt: Date }): UpdateRecord;
  /**
   * The earlier updates that did not end in order, all of them known to be over.
   *
   * @throws StateLocked that says who is at it, since when, with the run's link
   */
  earlier(stack: string, now: Date): Promise<OpenUpdate[]>;
  /**
   * Says why these locks may be broken, a line each.
   *
   * @throws StateLocked where the owner of one of them is not known to be gone
   */
  judge(stack: string, locked: StateLocked, now: Date): Promise<string[]>;
}

/** @param folder where updates are written down without GitHub */
export function updateRegistry(options: {
  github: Github | undefined;
  event: GithubEvent | undefined;
  folder: string;
}): UpdateRegistry {
  const { github, event } = options;
  const records = github ? githubUpdates(github) : fileUpdates(options.folder);
  const process = thisProcess();
  const witnesses = (now: Date): Witnesses => ({
    here: process,
    now,
    ownRun: event && { id: event.runId, attempt: event.runAttempt },
    run: async (id) => (github ? readRun(github, id) : undefined),
    namesAreUnique: event === undefined,
  });
  return {
    records,
    record: ({ stack, sha, startedAt }) => ({
      schema: 1,
      kind: "update",
      stack,
      sha,
      actor: event?.actor || "local",
      startedAt: startedAt.toISOString(),
      process: { ...process },
      ...(event ? { run: { id: event.runId, attempt: event.runAttempt, url: event.runUrl } } : {}),
    }),
    async earlier(stack, now) {
      const open = await records.open(stack);
      const holders = await Promise.all(open.map((update) => judgeUpdate(update, witnesses(now))));
      refuse(stack, holders, []);
      return open;
    },
    async judge(stack, locked, now) {
      const open = await records.open(stack);
      if (locked.locks.length === 0) throw await unnamed(stack, open, witnesses(now), locked);
      const holders = await Promise.all(locked.locks.map((lock) => judgeLock(lock, open, witnesses(now))));
      refuse(stack, holders, locked.locks);
      return holders.map(({ who, why }) => `${who}: ${why}`);
    },
  };
}

/** Pulumi Cloud does not say whose an update is. What is written down may tell, but never that nobody else is at it. */
async function unnamed(
  stack: string,
  open: readonly OpenUpdate[],
  witnesses: Witnesses,
  locked: StateLocked,
): Promise<StateLocked> {
  const holders = await Promise.all(open.map((update) => judgeUpdate(update, witnesses)));
  const known = holders.map(({ who, why }) => `  ${who}: ${why}`);
  return judged(
    new StateLocked(
      `Stack ${stack} is locked, and the backend does not say by whom.${known.length > 0 ? ` Written down are:\n${known.join("\n")}` : ""}`,
      "Look at the stack's activity in Pulumi Cloud: an update there ends by itself some minutes after its process was killed. Then run the same command again.",
      [],
      1,
      { cause: locked },
    ),
  );
}

function judged(locked: StateLocked): StateLocked {
  locked.judged = true;
  return locked;
}

function refuse(stack: string, holders: readonly Holder[], locks: readonly StateLock[]): void {
  const staying = holders.flatMap((holder) => (holder.state === "gone" ? [] : [holder]));
  if (staying.length === 0) return;
  const lines = staying.map(({ who, why, url }) => `  ${who}: ${why}${url ? `\n  ${url}` : ""}`);
  const running = staying.every(({ state }) => state === "alive");
  throw judged(
    new StateLocked(
      `Stack ${stack} is locked by another update:\n${lines.join("\n")}\nNothing was touched.`,
      running
        ? "Wait until it has ended, then run the same command again. A lock whose owner is gone is broken by itself."
        : `Make sure that it is gone. Then take its lock away (\`npx pulumi cancel --yes --stack ${stack}\` beside its Pulumi.yaml, with the same PULUMI_BACKEND_URL) and run the same command again.`,
      locks,
    ),
  );
}
