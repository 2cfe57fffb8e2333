import { rmSync } from "node:fs";
import { join } from "node:path";
import { EXIT, messageOf, UserError } from "../../errors.ts";
import type { Census } from "./census.ts";
import type { Write } from "./clouds.ts";
import { compare } from "./compare.ts";
import { type Deployment, type Ground, prepareGround } from "./ground.ts";
import type { Undisturbed } from "./lane.ts";
import { type Lane, openLane } from "./lanes.ts";
import { draw, trialsFor } from "./matrix.ts";
import { beginResults, type Outcome, type Results, resumeResults } from "./results.ts";
import { type Tally, tally } from "./tally.ts";
import { nameOf, type Trial } from "./trial.ts";

export interface TortureOptions {
  root: string;
  deployment: Deployment;
  /** The folder of the worlds; below the repository, where Node finds the packages. */
  dir: string;
  /** The folder where outcomes are kept as they come, `results.jsonl`. */
  logs: string;
  /** Goes on where the last run was cut off. */
  resume: boolean;
  /** Only trials whose name it fits. */
  only?: RegExp;
  /** How many trials, drawn from all of them; all where it is not given. */
  sample?: number;
  /** Draws the same sample for the same number. */
  seed: number;
  /** How many worlds are disturbed at once. */
  lanes: number;
  signal: AbortSignal;
  told(progress: Progress): void;
}

export type Progress =
  | { kind: "ground" }
  | { kind: "undisturbed"; writes: number; things: number; trials: number; before: number }
  /** `done` and `of` count the trials of this run; `log` is of all runs of a trial in which something is wrong. */
  | { kind: "trial"; done: number; of: number; call: string; outcome: Outcome; log?: string }
  /** The trial itself broke off, and shows nothing. */
  | { kind: "broken"; done: number; of: number; call: string; trial: string; why: string };

export interface Torture extends Tally {
  /** How many of the trials broke off; each is one in `unequal`. */
  broken: number;
  /** How many writes the clouds see in an undisturbed deployment. */
  writes: number;
  /** How many trials there are; more than were played where a sample was drawn, or where it was interrupted. */
  of: number;
  /** How many of those that count are of an earlier run. */
  before: number;
  seconds: number;
}

/**
 * Runs the same deployment again and again, each time in a world of its own and disturbed at another of the writes that the
 * clouds see: with each victim killed once the cloud has done it, and with each fault. The same command is run until it says that it is done; then
 * all that stands in the clouds and in the state is compared with what an undisturbed deployment leaves.
 */
export async function torture(options: TortureOptions): Promise<Torture> {
  const begun = performance.now();
  options.told({ kind: "ground" });
  const ground = await prepareGround(options.root, options.dir, options.deployment);
  const lanes = Array.from({ length: options.lanes }, (_, number) => openLane(ground, number));
  const closeLanes = () => {
    for (const lane of lanes) lane.close();
  };
  options.signal.addEventListener("abort", closeLanes);
  try {
    return await play(options, ground, lanes, begun);
  } finally {
    closeLanes();
  }
}

async function play(
  { logs, resume, only, sample, seed, signal, told }: TortureOptions,
  ground: Ground,
  lanes: readonly Lane[],
  begun: number,
): Promise<Torture> {
  const file = join(logs, "results.jsonl");
  const earlier = resume ? resumeResults(file, ground.code) : undefined;
  if (resume && !earlier)
    throw new UserError(
      "bad-argument",
      `There is nothing to resume: ${file} is not there, or has the results of another state of the program.`,
      "Run it without --resume.",
      EXIT.usage,
    );
  // What is in them is of a run that nobody wants to go on with.
  if (!earlier) rmSync(logs, { recursive: true, force: true });
  const { writes: seen, census } = await undisturbed(lanes);
  const writes: readonly Write[] = earlier?.writes ?? seen;
  const results: Results = earlier ?? beginResults(file, { code: ground.code, writes: seen });

  const all = trialsFor(writes);
  const asked = all.filter((trial) => only?.test(`${nameOf(trial)} ${trial.at.call}`) ?? true);
  const trials = sample === undefined ? asked : draw(asked, sample, seed);
  const names = new Set(trials.map(nameOf));
  const known = new Set(results.outcomes.map(({ trial }) => trial));
  const waiting = trials.filter((trial) => !known.has(nameOf(trial)));
  const of = waiting.length;
  const before = trials.length - of;
  told({ kind: "undisturbed", writes: writes.length, things: census.things.length, trials: of, before });

  let done = 0;
  let broken = 0;
  const inLane = async (lane: Lane): Promise<void> => {
    for (let trial = waiting.shift(); trial && !signal.aborted; trial = waiting.shift()) {
      const { call } = trial.at;
      try {
        const { log, ...outcome } = await outcomeOf(lane, trial, census);
        results.add(outcome);
        told({ kind: "trial", done: ++done, of, call, outcome, ...(log === undefined ? {} : { log }) });
      } catch (error) {
        // Cut off from outside, it says nothing of the program, and nothing is to be told.
        if (signal.aborted) return;
        broken += 1;
        const why = messageOf(error);
        told({ kind: "broken", done: ++done, of, call, trial: nameOf(trial), why });
      }
    }
  };
  await Promise.all(lanes.map(inLane));
  const counted = results.outcomes.filter(({ trial }) => names.has(trial));
  return {
    ...tally(counted, broken),
    broken,
    writes: writes.length,
    of: all.length,
    before,
    seconds: (performance.now() - begun) / 1000,
  };
}

async function outcomeOf(
  lane: Lane,
  trial: Trial,
  census: Census,
): Promise<Outcome & { log?: string | undefined }> {
  const answer = await lane.ask({ trial, census });
  if (!("result" in answer)) throw new Error("The lane has answered something else.");
  return { trial: nameOf(trial), ...answer.result };
}

/** Deploys twice without a disturbance: where two such ends don't look the same, a comparison proves nothing. */
async function undisturbed(lanes: readonly Lane[]): Promise<Undisturbed> {
  const [one, other = one] = lanes;
  if (!one || !other) throw new Error("There is no lane.");
  const ask = async (lane: Lane) => {
    const answer = await lane.ask({ undisturbed: true });
    if (!("undisturbed" in answer)) throw new Error("The lane has answered something else.");
    return answer.undisturbed;
  };
  const [first, second] =
    one === other ? [await ask(one), await ask(one)] : await Promise.all([ask(one), ask(other)]);
  const differences = Object.values(compare(first.census, second.census)).flat();
  if (differences.length > 0)
    throw new Error(`Two undisturbed deployments do not end alike:\n${differences.join("\n")}`);
  return first;
}
