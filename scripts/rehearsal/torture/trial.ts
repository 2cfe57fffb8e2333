import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { JobOutcome } from "../stage/runner.ts";
import type { Census } from "./census.ts";
import type { Write } from "./clouds.ts";
import { compare, type Differences } from "./compare.ts";
import { childrenOf, kill, untilGone, type Victim } from "./victim.ts";
import type { World } from "./world.ts";

/** What a cloud does wrong at one write. */
export const FAULTS = {
  "429": { kind: "status", status: 429, retryAfterSeconds: 0 },
  "500": { kind: "status", status: 500 },
  /** The work is done, and the answer never arrives. */
  dropped: { kind: "drop-after" },
} as const;
export type FaultName = keyof typeof FAULTS;

/** One disturbance at one write; then the same command again, until it says that it is done. */
export type Trial = { at: Write } & ({ kill: Victim } | { fault: FaultName });

/** What a trial needs of its world. */
export type TrialWorld = Pick<World, "deploy" | "fault" | "isHeld" | "letGo" | "writes" | "census">;

export interface TrialResult extends Differences {
  /**
   * A kill that met nobody (no engine, no wrangler is at work yet) cuts the connection after the write and no more: it counts
   * as the fault that it is.
   */
  kind: "kill" | "fault";
  seconds: number;
  /** What the runs ended with, the disturbed one first. */
  outcomes: string[];
  /** The log of all runs, where something is wrong. */
  log?: string;
}

const Result = z.object({ outcome: z.string() });
/** As often as a patient person does the same once more. */
const MOST_RUNS = 4;

/** What is done where: `kill pipeline at hetzner 10`. The same in every run, unlike the call, as some go out side by side. */
export function nameOf(trial: Trial): string {
  const what = "kill" in trial ? `kill ${trial.kill}` : trial.fault;
  return `${what} at ${trial.at.cloud} ${trial.at.index}`;
}

/**
 * Disturbs the deployment of a world, and looks what stands there in the end.
 *
 * @param undisturbed what a deployment leaves that nobody disturbs; without it nothing is known to be lost or other, and only
 * what the state does not know, or what is not finished, is told
 * @throws Error where the deployment came to its end without the disturbance, so that nothing was tried
 */
export async function runTrial(world: TrialWorld, trial: Trial, undisturbed?: Census): Promise<TrialResult> {
  const begun = performance.now();
  const { job, kind } = "kill" in trial ? await killed(world, trial) : await failed(world, trial);
  const jobs = [job];
  while (!isDone(jobs.at(-1)) && jobs.length < MOST_RUNS) jobs.push(await world.deploy());
  const after = await world.census();
  const differences = compare(undisturbed ?? after, after);
  const last = jobs.at(-1);
  if (!isDone(last)) differences.unequal.push(`it did not come to its end: ${outcomeOf(last)}`);
  const isWrong = Object.values(differences).some((list) => list.length > 0);
  return {
    ...differences,
    kind,
    seconds: (performance.now() - begun) / 1000,
    outcomes: jobs.map(outcomeOf),
    ...(isWrong ? { log: jobs.map(({ log }) => log).join("\n--- once more\n") } : {}),
  };
}

interface Disturbed {
  job: JobOutcome;
  kind: TrialResult["kind"];
}

async function failed(world: TrialWorld, { at, fault }: Trial & { fault: FaultName }): Promise<Disturbed> {
  await world.fault(at, FAULTS[fault]);
  const job = await world.deploy();
  const writes = await world.writes();
  if (writes.filter(({ cloud }) => cloud === at.cloud).length <= at.index) throw untried(job);
  return { job, kind: "fault" };
}

async function killed(world: TrialWorld, { at, kill: victim }: Trial & { kill: Victim }): Promise<Disturbed> {
  await world.fault(at, { kind: "hold" });
  let pipeline = 0;
  let ended = false;
  const running = world
    .deploy((pid) => {
      pipeline = pid;
    })
    .finally(() => {
      ended = true;
    });
  while (!ended && !(await world.isHeld(at.cloud))) await delay(40);
  if (ended) throw untried(await running);
  const workers = childrenOf(pipeline);
  const met = await kill(victim, pipeline);
  await world.letGo(at.cloud);
  const job = await running;
  // An engine that outlives its pipeline ends by itself, and nobody starts the job again before that.
  for (const pid of workers) await untilGone(pid);
  return { job, kind: met > 0 ? "kill" : "fault" };
}

function untried(job: JobOutcome): Error {
  return new Error(`The deployment ended (${outcomeOf(job)}) before it came to this write.\n${job.log}`);
}

function isDone(job: JobOutcome | undefined): boolean {
  return job !== undefined && ["succeeded", "nothing-to-do"].includes(outcomeOf(job));
}

function outcomeOf(job: JobOutcome | undefined): string {
  return Result.safeParse(job?.result).data?.outcome ?? "killed";
}
