import type { Memory } from "../chapter.ts";

/** What scenes of this chapter hand on to later ones. */
export interface ActionsMemory extends Memory {
  /** The commits of main in their order. */
  commits: { bootstrap?: string; feature?: string };
}
