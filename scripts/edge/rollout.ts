import { setTimeout as delay } from "node:timers/promises";
import { messageOf, UserError } from "../errors.ts";
import type { RolloutSettings } from "./rollout-settings.ts";

/** What a rollout does to the outside and learns from it; each of them is a call or two to Cloudflare. */
export interface RolloutTools {
  /** Gives a script's traffic to one or two versions. */
  split(scriptName: string, shares: readonly Share[]): Promise<void>;
  /** Asks the new version itself, whatever its share: what is wrong with its answer, undefined where it is right. */
  probe(worker: string, scriptName: string, versionId: string): Promise<string | undefined>;
  /** What the visitors' traffic says against the new version since a time, undefined where nothing does. */
  complaint(scriptName: string, since: Date, share: number): Promise<string | undefined>;
  now(): Date;
  signal?: AbortSignal;
}

export interface Share {
  versionId: string;
  percentage: number;
}

export interface Rollout {
  /** The Worker's name in the repository. */
  worker: string;
  scriptName: string;
  from: string;
  to: string;
}

/** Answers in a row that are right before the first visitor is sent to a version. */
const RIGHT_BEFORE_VISITORS = 3;
/** Answers in a row that are wrong before a version is given up; one may be the network's fault. */
const WRONG_BEFORE_RETURN = 3;
/** A new deployment is known everywhere after a couple of seconds (…/versions-and-deployments/version-overrides/). */
const KNOWN_EVERYWHERE_MS = 30_000;
const LONGEST_PAUSE_MS = 5000;
/** How often the visitors' errors are asked for, in milliseconds. */
const COMPLAINTS_EVERY_MS = 15_000;

/**
 * Gives a version of a Worker its traffic step by step: none at first, while it is asked by its own id, then each share for
 * as long as it is watched. Ends with the last share; all of the traffic is the caller's to give. At the first sign that
 * something is wrong, and when it is interrupted, the old version gets everything back.
 *
 * @throws UserError `rollout-returned`
 */
export async function rollOut(
  { worker, scriptName, from, to }: Rollout,
  { steps, watchSeconds }: RolloutSettings,
  tools: RolloutTools,
  note: (text: string) => void,
): Promise<void> {
  const give = (share: number) =>
    tools.split(scriptName, [
      { versionId: to, percentage: share },
      { versionId: from, percentage: 100 - share },
    ]);
  const pause = Math.min(LONGEST_PAUSE_MS, (watchSeconds * 1000) / 4);
  let share = 0;
  try {
    await give(0);
    note("asked before any visitor");
    const problem = await answersRight(() => tools.probe(worker, scriptName, to), tools, pause);
    if (problem) throw new Unfit(problem);
    for (share of steps) {
      await give(share);
      note(`${share} % of the traffic`);
      const bad = await watch({ worker, scriptName, to, share, pause, watchSeconds }, tools);
      if (bad) throw new Unfit(bad);
    }
  } catch (error) {
    await tools.split(scriptName, [{ versionId: from, percentage: 100 }]).catch((cause: unknown) => {
      throw new UserError(
        "rollout-returned",
        `Worker ${worker}'s version ${to} is not fit (${messageOf(error)}), and its traffic could not be taken from it: ${messageOf(cause)}`,
        `Give it back by hand: npx wrangler rollback ${from} --name ${scriptName}`,
        1,
        { cause: error },
      );
    });
    // A pause that is cut short has an error of its own; why the run was interrupted stands in the signal.
    tools.signal?.throwIfAborted();
    if (!(error instanceof Unfit)) throw error;
    throw new UserError(
      "rollout-returned",
      `Worker ${worker}'s version ${to} got ${share} % of the traffic and was taken out again: ${error.message} Version ${from} has all of it back.`,
      "Mend the Worker; `npx wrangler tail` and the observability of the version's id in the dashboard show its errors.",
      1,
      { cause: error },
    );
  }
}

/** Why a version was given up. */
class Unfit extends Error {}

/** Waits until the version answers right several times in a row; else what is wrong. */
async function answersRight(
  probe: () => Promise<string | undefined>,
  { now, signal }: RolloutTools,
  pause: number,
): Promise<string | undefined> {
  const until = now().getTime() + KNOWN_EVERYWHERE_MS;
  for (let right = 0, wrong = 0; ; ) {
    const problem = await probe();
    if (problem === undefined) {
      wrong = 0;
      if (++right === RIGHT_BEFORE_VISITORS) return undefined;
    } else {
      right = 0;
      // That another version answers is the old deployment that is still known somewhere; time passes over it.
      if (++wrong >= WRONG_BEFORE_RETURN && !problem.startsWith("runs version")) return `it ${problem}.`;
      if (now().getTime() > until) return `it ${problem}.`;
    }
    await delay(Math.min(pause, 1000), undefined, { signal });
  }
}

async function watch(
  watched: {
    worker: string;
    scriptName: string;
    to: string;
    share: number;
    pause: number;
    watchSeconds: number;
  },
  { probe, complaint, now, signal }: RolloutTools,
): Promise<string | undefined> {
  const { worker, scriptName, to, share, pause, watchSeconds } = watched;
  const since = now();
  const until = since.getTime() + watchSeconds * 1000;
  let asked = since.getTime();
  for (let wrong = 0; now().getTime() < until; ) {
    await delay(pause, undefined, { signal });
    const problem = await probe(worker, scriptName, to);
    wrong = problem === undefined || problem.startsWith("runs version") ? 0 : wrong + 1;
    if (wrong >= WRONG_BEFORE_RETURN) return `it ${problem}.`;
    if (now().getTime() - asked < COMPLAINTS_EVERY_MS) continue;
    asked = now().getTime();
    const bad = await complaint(scriptName, since, share);
    if (bad) return bad;
  }
  return complaint(scriptName, since, share);
}
