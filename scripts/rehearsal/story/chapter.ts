import type { PlayedScene } from "../stage/evidence.ts";
import type { Stage, StageOptions } from "../stage/stage.ts";
import type { Scene } from "./scene.ts";

/** What every chapter's scenes can look back at. */
export interface Memory {
  /** The scenes of the chapter that were played already. */
  played: readonly PlayedScene[];
}

/** Scenes that stand on each other, in a world of their own. */
export interface Chapter<M extends Memory = Memory> {
  /** For `--chapter`, and the name of the folder that its world and its evidence are in. */
  name: string;
  title: string;
  /** One or two sentences, as one would tell it to a colleague. */
  tells: string;
  /** In their order. The names are unique in all chapters. */
  scenes: readonly Scene<M>[];
  /** What the scenes hand on to later ones, as it is at the start. */
  remember(played: readonly PlayedScene[]): M;
  /** What takes the place of a real part in this chapter, over what does so in all of them. */
  standIns?: readonly string[];
  /** Why this machine can't play the chapter, with what to install; undefined where it can. */
  missing?(): Promise<string | undefined>;
  /** Builds another stage than the usual one. */
  build?(root: string, dir: string, options: StageOptions): Promise<Stage>;
}
