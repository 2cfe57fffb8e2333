/** The cases of the bench, in the order in which one run plays them. */
export const CASES = ["first-deploy", "one-changed-worker", "nothing-changed", "preview"] as const;
export type Case = (typeof CASES)[number];

/** Each case in words, and how many times as fast as stock it is meant to be. */
export const ABOUT: Record<Case, { title: string; aim?: number }> = {
  preview: { title: "preview of two stacks", aim: 3 },
  "first-deploy": { title: "first deploy", aim: 2 },
  "one-changed-worker": { title: "deploy of one changed Worker" },
  "nothing-changed": { title: "deploy with nothing changed", aim: 5 },
};

/** One line of the result. Seconds and MB are medians; `ratio` is `stock_s / ours_s`. */
export interface Row {
  case: Case;
  workers: number;
  ours_s: number;
  stock_s: number;
  ratio: number;
  ours_mb: number;
  stock_mb: number;
}
