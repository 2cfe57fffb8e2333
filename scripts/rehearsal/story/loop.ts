import { badRelease } from "./bad-release.ts";
import { bootstrap } from "./bootstrap.ts";
import type { Chapter, Memory } from "./chapter.ts";
import { drift } from "./drift.ts";
import type { Footprint } from "./footprint.ts";
import { merge } from "./merge.ts";
import { pullRequest } from "./pull-request.ts";
import { release } from "./release.ts";
import { rollback } from "./rollback.ts";
import { secrets } from "./secrets.ts";

/** What scenes of the loop hand on to later scenes. */
export interface LoopMemory extends Memory {
  /** The pull request of the second scene, with the names of what its comment says would be created. */
  pull?: { number: number; headSha: string; creates: string[] };
  /** What stood on prod when v1.1.0 was live. */
  prodOfFeature?: Footprint;
  /** The commits of main in their order. */
  commits: { bootstrap?: string; feature?: string; broken?: string };
}

/** The loop as a person lives it. */
export const loop: Chapter<LoopMemory> = {
  name: "loop",
  title: "The loop",
  tells: "From two stacks out of nothing to a rollback: what every day looks like, and one bad one.",
  remember: (played) => ({ played, commits: {} }),
  scenes: [bootstrap, pullRequest, merge, release, badRelease, rollback, drift, secrets],
};
