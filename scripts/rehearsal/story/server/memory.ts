import type { Memory } from "../chapter.ts";

/** What scenes with machines hand on to later ones. */
export interface ServerMemory extends Memory {
  /** The newest commit of main. */
  sha?: string;
}
