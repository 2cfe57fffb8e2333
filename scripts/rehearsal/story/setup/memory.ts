import type { Memory } from "../chapter.ts";
import type { OwnerSecrets } from "./owner.ts";

/** What the scenes of the set-up hand on. */
export interface SetupMemory extends Memory {
  secrets: OwnerSecrets;
  /** The commit that prod runs. */
  released?: string;
}
