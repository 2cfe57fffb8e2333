import type { Run } from "./measure.ts";

/** One of the two ways of doing the same things, at home in a checkout and a world of its own. */
export interface Side {
  /** `ours` or `stock`, for people. */
  name: string;
  preview(run: Run): Promise<void>;
  /** Deploys dev; `expects` says what must be found to have been deployed. */
  deploy(run: Run, expects: Expectation): Promise<void>;
  /** Processes that run before and between the measured ones; only what they start is measured. */
  hosts: readonly number[];
}

/** What a deployment must have done, so that a side can't win by doing something else. */
export type Expectation = "everything" | "nothing" | { worker: string };
