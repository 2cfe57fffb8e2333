import type { Memory } from "../chapter.ts";
import type { OwnerSecrets } from "./owner.ts";

/** What the scenes of the set-up hand on. */
export interface SetupMemory extends Memory {
  secrets: OwnerSecrets;
  /** How much the wizard has asked, and how long it took. */
  wizard?: { questions: number; seconds: number };
  /** The commit that prod runs. */
  released?: string;
}
