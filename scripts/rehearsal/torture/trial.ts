import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { JobOutcome } from "../stage/runner.ts";
import type { Census } from "./census.ts";
import { compare, type Differences } from "./compare.ts";
import type { World, Write } from "./ground.ts";
import { childrenOf, kill, untilGone, type Victim } from "./victim.ts";

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

export interface TrialResult extends Differences {
  trial: string;
  /** How often the command had to be run, the disturbed one included. */
  runs: number;
  seconds: number;
  /** What the runs ended with. */
  outcomes: string[];
  /** The log of the last run, where something is wrong. */
  log?: string;
}

const Result = z.object({ outcome: z.string() });
/** As often as a patient person does the same once more. */
const MOST_RUNS = 4;

export function nameOf(trial: Trial): string {
  const what = "kill" in trial ? `kill ${trial.kill}` : trial.fault;
  return `${what} at ${trial.at.cloud} ${trial.at.index} (${trial.at.call})`;
}

/** Disturbs one deployment into an empty world, and looks what stands there in the end. */
export async function runTrial(world: World, trial: Trial, undisturbed: Census): Promise<TrialResult> {
  const begun = performance.now();
  const jobs = [await disturbed(world, trial)];
  while (!isDone(jobs.at(-1)) && jobs.length < MOST_RUNS) jobs.push(await world.deploy());
  const differences = compare(undisturbed, await world.census());
  const last = jobs.at(-1);
  if (!isDone(last)) differences.unequal.push(`it did not come to its end: ${outcomeOf(last)}`);
  const isWrong = Object.values(differences).some((list) => list.length > 0);
  return {
    ...differences,
    trial: nameOf(trial),
    runs: jobs.length,
    seconds: (performance.now() - begun) / 1000,
    outcomes: jobs.map(outcomeOf),
    ...(isWrong ? { log: jobs.map(({ log }) => log).join("\n--- once more\n") } : {}),
  };
}

async function disturbed(world: World, trial: Trial): Promise<JobOutcome> {
  if ("fault" in trial) {
    await world.fault(trial.at, FAULTS[trial.fault]);
    return world.deploy();
  }
  const { cloud } = trial.at;
  await world.fault(trial.at, { kind: "hold" });
  let pipeline = 0;
  let ended = false;
  const job = world
    .deploy((pid) => {
      pipeline = pid;
    })
    .finally(() => {
      ended = true;
    });
  while (!ended && !(await world.isHeld(cloud))) await delay(15);
  const workers = ended ? [] : childrenOf(pipeline);
  if (!ended) await kill(trial.kill, pipeline);
  await world.letGo(cloud);
  const outcome = await job;
  // An engine that outlives its pipeline ends by itself, and nobody starts the job again before that.
  for (const pid of workers) await untilGone(pid);
  return outcome;
}

function isDone(job: JobOutcome | undefined): boolean {
  return job !== undefined && ["succeeded", "nothing-to-do"].includes(outcomeOf(job));
}

function outcomeOf(job: JobOutcome | undefined): string {
  return Result.safeParse(job?.result).data?.outcome ?? "killed";
}
