import type { Chapter, Memory } from "../chapter.ts";
import { driftOfEachKind } from "./drift-of-each-kind.ts";
import { gradualRollout } from "./gradual-rollout.ts";
import { heldUntilResume } from "./held-until-resume.ts";
import { oneScopeAtATime } from "./one-scope-at-a-time.ts";
import { refusedRollbacks } from "./refused-rollbacks.ts";
import { releaseNotes } from "./release-notes.ts";
import { restoreDatabase } from "./restore-database.ts";
import { twoReleases } from "./two-releases.ts";

/** What scenes of this chapter hand on to later ones. */
export interface RollbackMemory extends Memory {
  /** The commits of main in their order, by what they were made for. */
  commits: { first?: string; second?: string; newest?: string };
  /** The releases of dev that the first two commits made. */
  releases: { first?: string; second?: string };
  /** The content of the release record when the first release was live. */
  record?: string;
}

export const rollbacks: Chapter<RollbackMemory> = {
  name: "rollback",
  title: "Back, and forward again",
  tells:
    "Every way back that there is, those that are refused, a version that goes back by itself, and what somebody changed by hand.",
  remember: (played) => ({ played, commits: {}, releases: {} }),
  scenes: [
    twoReleases,
    oneScopeAtATime,
    heldUntilResume,
    gradualRollout,
    driftOfEachKind,
    refusedRollbacks,
    releaseNotes,
    restoreDatabase,
  ],
};
