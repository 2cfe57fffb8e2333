import type { Census } from "./census.ts";
import { compare } from "./compare.ts";
import { type Ground, prepareGround, type Write } from "./ground.ts";
import { FAULTS, type FaultName, nameOf, runTrial, type Trial, type TrialResult } from "./trial.ts";
import { VICTIMS } from "./victim.ts";

export interface TortureOptions {
  root: string;
  /** The folder of the worlds; below the repository, where Node finds the packages. */
  dir: string;
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
  | { kind: "undisturbed"; writes: readonly Write[]; things: number; trials: number }
  | { kind: "trial"; done: number; of: number; result: TrialResult };

/** The kill matrix; the last four are to be 0. */
export interface Tally {
  kills: number;
  faults: number;
  duplicates: number;
  orphans: number;
  lost: number;
  unequal: number;
}

export interface Torture extends Tally {
  /** How many writes the clouds see in an undisturbed deployment. */
  writes: number;
  /** How many trials there are; more than were run where a sample was drawn. */
  of: number;
  seconds: number;
  failed: TrialResult[];
}

/**
 * Deploys into an empty world again and again, each time disturbed at another of the writes that the clouds see: with each
 * victim killed once the cloud has done it, and with each fault. The same command is run until it says that it is done; then
 * all that stands in the clouds and in the state is compared with what an undisturbed deployment leaves.
 */
export async function torture(options: TortureOptions): Promise<Torture> {
  const begun = performance.now();
  options.told({ kind: "ground" });
  const ground = await prepareGround(options.root, options.dir);
  const { writes, census } = await undisturbed(ground);
  const all = trialsFor(writes);
  const asked = all.filter((trial) => options.only?.test(nameOf(trial)) ?? true);
  const trials = options.sample === undefined ? asked : draw(asked, options.sample, options.seed);
  options.told({ kind: "undisturbed", writes, things: census.things.length, trials: trials.length });

  const results: TrialResult[] = [];
  const waiting = [...trials];
  const lane = async (number: number): Promise<void> => {
    for (let trial = waiting.shift(); trial && !options.signal.aborted; trial = waiting.shift()) {
      const result = await inWorldOfItsOwn(ground, number, trial, census);
      results.push(result);
      options.told({ kind: "trial", done: results.length, of: trials.length, result });
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, (_, number) => lane(number)));
  const sum = (of: (result: TrialResult) => number) => results.reduce((total, each) => total + of(each), 0);
  return {
    kills: trials.filter((trial) => "kill" in trial).length,
    faults: trials.filter((trial) => "fault" in trial).length,
    duplicates: sum(({ duplicates }) => duplicates.length),
    orphans: sum(({ orphans }) => orphans.length),
    lost: sum(({ lost }) => lost.length),
    unequal: sum(({ unequal }) => unequal.length),
    writes: writes.length,
    of: all.length,
    seconds: (performance.now() - begun) / 1000,
    failed: results.filter((each) => each.log !== undefined),
  };
}

/** Two undisturbed deployments must look the same, or the comparison proves nothing. */
async function undisturbed(ground: Ground): Promise<{ writes: Write[]; census: Census }> {
  const world = await ground.world(0);
  try {
    const job = await world.deploy();
    if (job.exitCode !== 0) throw new Error(`The undisturbed deployment failed:\n${job.log}`);
    const [writes, census] = [await world.writes(), await world.census()];
    const { orphans, unequal } = compare(census, census);
    if (orphans.length + unequal.length > 0)
      throw new Error(`The undisturbed deployment leaves: ${[...orphans, ...unequal].join("; ")}`);
    return { writes, census };
  } finally {
    await world.close();
  }
}

function trialsFor(writes: readonly Write[]): Trial[] {
  const faults = Object.keys(FAULTS) as FaultName[];
  return writes.flatMap((at) => [
    ...VICTIMS.map((kill): Trial => ({ at, kill })),
    ...faults.map((fault): Trial => ({ at, fault })),
  ]);
}

async function inWorldOfItsOwn(
  ground: Ground,
  lane: number,
  trial: Trial,
  census: Census,
): Promise<TrialResult> {
  const world = await ground.world(lane);
  try {
    return await runTrial(world, trial, census);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      trial: nameOf(trial),
      runs: 0,
      seconds: 0,
      outcomes: [],
      duplicates: [],
      orphans: [],
      lost: [],
      unequal: [`the trial broke off: ${what}`],
      log: what,
    };
  } finally {
    await world.close();
  }
}

/** A sample of a list, the same for the same seed, in the list's order. */
function draw<T>(list: readonly T[], count: number, seed: number): T[] {
  const random = mulberry32(seed);
  return list
    .map((item, index) => ({ item, index, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** A small generator of numbers from 0 to 1, as good as it needs to be to draw lots. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
