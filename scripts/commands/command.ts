import type { ParseArgsConfig } from "node:util";
import type { Reporter } from "../terminal/reporter.ts";

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

/** One command of the CLI: arguments as data, and a handler. */
export interface Command {
  summary: string;
  /** Shown by --help, e.g. `deploy dev`. */
  usage: string;
  examples: readonly string[];
  options: NonNullable<ParseArgsConfig["options"]>;
  positionals: readonly string[];
  /** Gives what `--json` prints. */
  run(
    context: Context,
    args: { values: Record<string, unknown>; positionals: string[] },
  ): Promise<CommandResult>;
}

export interface CommandResult {
  /** `succeeded`, or a typed outcome that a workflow can branch on. */
  outcome: string;
  [key: string]: unknown;
}
