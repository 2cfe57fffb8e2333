import type { Reporter } from "./terminal/reporter.ts";

/** What a command gets from outside; nothing in it is global, so that a test can run a command like a function. */
export interface Context {
  /** The root of the checkout. */
  root: string;
  /** The environment, secrets included; the process's own has them no more. */
  env: NodeJS.ProcessEnv;
  reporter: Reporter;
  json: boolean;
  now: () => Date;
  signal: AbortSignal;
}
