import type { WorkflowRun } from "../github/runs.ts";
import type { StateLock } from "../stack/lock.ts";
import { isAlive, processStart } from "../toolchain/process-identity.mjs";
import { bootTime, type ProcessIdentity } from "./this-process.ts";
import type { OpenUpdate } from "./update-record.ts";

/** What is known of whoever holds a stack's lock, or has left it. */
export type Holder =
  /** Known to be gone: its lock may be broken. */
  | { state: "gone"; who: string; why: string }
  /** Known to run, or not known to be gone: its lock stays. */
  | { state: "alive" | "unknown"; who: string; why: string; url?: string | undefined };

/** What is asked of the world to judge a holder. */
export interface Witnesses {
  here: ProcessIdentity;
  now: Date;
  /** The workflow run that this process is part of. */
  ownRun: { id: number; attempt: number } | undefined;
  /** Undefined where GitHub does not know the run, or where there is no GitHub to ask. */
  run(id: number): Promise<WorkflowRun | undefined>;
  /** A hosted runner's name says nothing: the next machine may have the same. */
  namesAreUnique: boolean;
}

/** An update that is written down and did not end in order: does its pipeline, or its workflow run, still go on? */
export async function judgeUpdate({ record, failed }: OpenUpdate, witnesses: Witnesses): Promise<Holder> {
  const { run, process, actor, startedAt } = record;
  const who = `${run ? `workflow run ${run.id}` : `${actor}@${process.host} (pid ${process.pid})`}, since ${startedAt}`;
  if (failed) return { state: "gone", who, why: "it said itself that it had failed" };
  const { here } = witnesses;
  if (process.boot !== undefined && process.boot === here.boot) {
    const alive = isAlive({ pid: process.pid, start: process.start ?? "" });
    return alive
      ? { state: "alive", who, why: "its process runs on this machine", url: run?.url }
      : { state: "gone", who, why: "its process on this machine is dead" };
  }
  if (run) return judgeRun(run, who, witnesses);
  if (witnesses.namesAreUnique && process.host === here.host && process.boot !== undefined) {
    return { state: "gone", who, why: "this machine was started anew since" };
  }
  return { state: "unknown", who, why: "it ran on another machine" };
}

async function judgeRun(
  run: { id: number; attempt: number; url: string },
  who: string,
  { ownRun, run: ask }: Witnesses,
): Promise<Holder> {
  if (ownRun?.id === run.id && ownRun.attempt > run.attempt)
    return {
      state: "gone",
      who,
      why: `its attempt ${run.attempt} is over: this is attempt ${ownRun.attempt}`,
    };
  const found = await ask(run.id);
  const { url } = run;
  if (!found) return { state: "unknown", who, why: "GitHub does not say whether it still runs", url };
  if (found.finished)
    return { state: "gone", who, why: `the run is over (${found.conclusion ?? "without a conclusion"})` };
  if (found.attempt > run.attempt)
    return { state: "gone", who, why: `its attempt ${run.attempt} is over: attempt ${found.attempt} runs` };
  return { state: "alive", who, why: "the run is still under way", url };
}

/**
 * A lock of the engine: by the update that is written down for its host and time; where there is none, by its process, if
 * that was on this very machine.
 */
export async function judgeLock(
  lock: StateLock,
  updates: readonly OpenUpdate[],
  witnesses: Witnesses,
): Promise<Holder> {
  const { here, now } = witnesses;
  const who = `${lock.user}@${lock.host} (pid ${lock.pid}), since ${lock.at}`;
  const taken = Date.parse(lock.at);
  const sameMachine =
    lock.host === here.host && taken >= bootTime(now).getTime() - CLOCK_SLACK_MS && witnesses.namesAreUnique;
  const written = updates.find(
    ({ record }) =>
      record.process.host === lock.host &&
      // Both times are of that host's own clock; the lock's has no milliseconds.
      Date.parse(record.startedAt) <= taken + CLOCK_SLACK_MS,
  );
  const onThisBoot = written?.record.process.boot !== undefined && written.record.process.boot === here.boot;
  if (onThisBoot || (!written && sameMachine)) {
    // The engine may outlive a pipeline that was killed, and goes on until its step is done.
    if (processStart(lock.pid) !== undefined)
      return {
        state: "alive",
        who,
        why: `the engine (pid ${lock.pid}) still runs on this machine`,
        url: written?.record.run?.url,
      };
    if (!written) return { state: "gone", who, why: "its process on this machine is dead" };
  }
  if (written) {
    const holder = await judgeUpdate(written, witnesses);
    return { ...holder, who: `${who}, of ${holder.who}` };
  }
  return {
    state: "unknown",
    who,
    why: "no workflow run is written down for it, and its machine is not this one",
  };
}

const CLOCK_SLACK_MS = 1500;
