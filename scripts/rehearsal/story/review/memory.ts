import type { Memory } from "../chapter.ts";

/** What scenes of this chapter hand on to later ones. */
export interface ReviewMemory extends Memory {
  /** The newest commit of main that dev runs. */
  onDev: string;
  /** A commit of main that dev ran before. */
  earlier: string;
}
