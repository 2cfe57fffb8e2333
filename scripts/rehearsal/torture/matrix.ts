import type { Write } from "./clouds.ts";
import { FAULTS, type FaultName, type Trial } from "./trial.ts";
import { VICTIMS } from "./victim.ts";

/** All trials: at each write, each victim is killed and each fault is shown. */
export function trialsFor(writes: readonly Write[]): Trial[] {
  const faults = Object.keys(FAULTS) as FaultName[];
  return writes.flatMap((at) => [
    ...VICTIMS.map((kill): Trial => ({ at, kill })),
    ...faults.map((fault): Trial => ({ at, fault })),
  ]);
}

/** A sample of a list, the same for the same seed, in the list's order; all of it where it is shorter. */
export function draw<T>(list: readonly T[], count: number, seed: number): T[] {
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
