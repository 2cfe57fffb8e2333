import type { Bench } from "./bench.ts";

/** One thing that is to be done, said before it is done. */
export interface Action {
  /** `make the GitHub Environment prod`; one line, without a secret. */
  tells: string;
  do(): Promise<unknown>;
}

/**
 * One step of the set-up. It is found out what is missing (`find`), that is shown, done, and looked for again: a step is
 * done when `find` finds nothing left. So every step can be run again at any time, and `--check` and `doctor` are its first half.
 */
export interface Step {
  /** For the progress file and `--json`. */
  name: string;
  title: string;
  /** What it is for, in a sentence. */
  purpose: string;
  /** What is left to do. Asks what it has to know; what can't be mended by the set-up is a UserError. */
  find(bench: Bench): Promise<Action[]>;
}
