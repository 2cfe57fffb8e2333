import type { ParseArgsConfig } from "node:util";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";

/** One command of the CLI: arguments as data, and a handler. */
export interface Command {
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
  /** Where it is not 0: what was found is a result, and not good. */
  exitCode?: ExitCode;
  [key: string]: unknown;
}
