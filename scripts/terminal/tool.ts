import { type ParseArgsConfig, parseArgs } from "node:util";
import { z } from "zod";
import { EXIT, type ExitCode, messageOf, UserError } from "../errors.ts";

/**
 * Runs a program that stands beside the CLI, such as the bench, and ends the process with its exit code. A
 * {@link UserError} is told in words, anything else is a bug and keeps its stack.
 */
export async function runTool(main: () => Promise<ExitCode | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? EXIT.done;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n${error.fix}\n`);
    process.exitCode = error.exitCode;
  }
}

/**
 * The options that a program was started with.
 *
 * @param script the npm script that starts it, for the error's sake
 * @throws UserError `bad-argument`
 */
export function readOptions<Schema extends z.ZodType>(
  script: string,
  options: NonNullable<ParseArgsConfig["options"]>,
  schema: Schema,
): z.output<Schema> {
  try {
    return schema.parse(parseArgs({ options }).values);
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError("bad-argument", message, `See npm run ${script} -- --help.`, EXIT.usage);
  }
}

/** A signal that is aborted by the first SIGINT or SIGTERM. */
export function interruption(told: (signal: string) => void = () => undefined): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      told(signal);
      controller.abort(new UserError("interrupted", `Interrupted by ${signal}.`, "Run it again."));
    });
  }
  return controller.signal;
}
