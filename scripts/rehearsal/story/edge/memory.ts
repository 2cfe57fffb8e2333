import type { Memory } from "../chapter.ts";

/** What scenes of the chapter hand on to later ones. */
export interface EdgeMemory extends Memory {
  /** The newest commit of main. */
  main?: string;
}
