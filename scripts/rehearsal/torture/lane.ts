import { z } from "zod";
import type { Census } from "./census.ts";
import type { Write } from "./clouds.ts";
import { runTrial, type Trial, type TrialResult } from "./trial.ts";
import { openWorld } from "./world.ts";

// A lane as a process of its own, started by lanes.ts: it plays one trial after the other, each in a world of its own, until
// whoever started it goes. What breaks in it, or hangs, ends with it alone.

/** What a lane is asked, one at a time. */
export type LaneOrder = { undisturbed: true } | { trial: Trial; census: Census };
export interface Undisturbed {
  writes: Write[];
  census: Census;
}
export type LaneAnswer = { undisturbed: Undisturbed } | { result: TrialResult } | { error: string };

const [argument = ""] = process.argv.slice(2);
const { place, ...ground } = z
  .object({ place: z.string(), dir: z.string(), sha: z.string() })
  .parse(JSON.parse(argument));

process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole group; whoever started this process ends it.
process.on("SIGINT", () => undefined);
process.on("message", (order: LaneOrder) => {
  answer(order)
    .catch((error: unknown): LaneAnswer => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { error: what };
    })
    .then((said) => process.send?.(said));
});

async function answer(order: LaneOrder): Promise<LaneAnswer> {
  const world = await openWorld(ground, place);
  try {
    if ("trial" in order) return { result: await runTrial(world, order.trial, order.census) };
    const job = await world.deploy();
    if (job.exitCode !== 0) throw new Error(`The undisturbed deployment failed:\n${job.log}`);
    return { undisturbed: { writes: await world.writes(), census: await world.census() } };
  } finally {
    await world.close();
  }
}
