import type { Bench } from "../setup/bench.ts";

/** One thing that is wrong, or soon will be. */
export interface Symptom {
  /** `wrong`: something does not work, or is open. `soon`: it will be, or is worth knowing. */
  level: "wrong" | "soon";
  text: string;
  /** What to do about it. */
  fix: string;
}

/** One check. It looks and changes nothing, and takes seconds at most. */
export interface Check {
  /** For `--json`. */
  name: string;
  /** What is looked at, in a few words. */
  about: string;
  /** What is wrong; none where all is well. A UserError is a symptom too. */
  look(bench: Bench): Promise<Symptom[]>;
}
