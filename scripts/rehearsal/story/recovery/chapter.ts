import type { Chapter, Memory } from "../chapter.ts";
import { foreignLock } from "./foreign-lock.ts";
import { killedUpdate } from "./killed-update.ts";
import { restoredState } from "./restored-state.ts";

/** What scenes of this chapter hand on to later ones. */
export interface RecoveryMemory extends Memory {
  /** The commit that dev runs. */
  commit?: string;
  /** The id of the store that a killed update had made. */
  store?: string;
}

export const recovery: Chapter<RecoveryMemory> = {
  name: "recovery",
  title: "Killed, locked, restored",
  tells:
    "A machine dies in the middle of an update, a lock is left behind, a state is lost: each time the same command, or one more, brings the stack to where it was meant to be, and nothing is there twice.",
  remember: (played) => ({ played }),
  scenes: [killedUpdate, foreignLock, restoredState],
};
