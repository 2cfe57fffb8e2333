import type { Bench } from "./bench.ts";

/** What was found about an answer. */
export interface Finding {
  /** Whether the answer can't be used; else it is something to know, a token that may do more than it needs for example. */
  wrong: boolean;
  text: string;
}

/** One thing that only a person can know. */
export interface Question {
  /** Its key in the answers file: `cloudflare-token`. */
  name: string;
  text: string;
  /** What it is for, and what it has to be like. */
  purpose: string;
  /** Where one gets it. */
  link?: string;
  /** Neither shown nor written down. */
  secret?: boolean;
  /** An empty answer is one. */
  optional?: boolean;
  /** The answers that there are, where one is to choose. */
  choices?: readonly { value: string; text: string }[];
  /** Finds it without asking: in the remote of the repository, at a provider, in an environment that is there already. */
  find?(bench: Bench): Promise<string | undefined>;
  /** What most would answer. */
  suggest?(bench: Bench): Promise<string | undefined>;
  /** Looks at the answer, at the provider itself where it is a token. */
  check?(bench: Bench, answer: string): Promise<Finding[]>;
}

/** An answer that has to fit a pattern. */
export function shaped(pattern: RegExp, like: string): NonNullable<Question["check"]> {
  return async (_bench, answer) =>
    pattern.test(answer) ? [] : [{ wrong: true, text: `“${answer}” does not look like ${like}.` }];
}
