import { enableCompileCache } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Command } from "./commands/command.ts";
import { COMMANDS } from "./commands/index.ts";
import type { Context } from "./context.ts";
import { EXIT, messageOf, UserError } from "./errors.ts";
import { setOutput } from "./github/output.ts";
import { withdrawSecrets } from "./secrets/open.ts";
import { redact } from "./secrets/redaction.ts";
import { deferInstaller } from "./stack/defer-installer.ts";
import { createReporter, type Reporter } from "./terminal/reporter.ts";

enableCompileCache();
deferInstaller();

/** Two SIGINTs within this time, in milliseconds, are one press of Ctrl-C. */
const SAME_KEY_MS = 500;

// Who reads along may go (`| head`, a runner that dies): what was begun is ended in order all the same. Left to itself, such an
// error becomes one that the engine's program host prints, which fails again, without end.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stderr.write(overview());
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const json = rest.includes("--json");
  const reporter = createReporter({
    stream: process.stderr,
    github: process.env.GITHUB_ACTIONS === "true",
  });
  const context: Context = {
    root: dirname(dirname(fileURLToPath(import.meta.url))),
    env: withdrawSecrets(process.env),
    reporter,
    json,
    now: () => new Date(),
    signal: interruption(reporter),
  };
  try {
    const listed = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!listed) throw new UserError("usage", `There is no command ${name}.`, overview(), EXIT.usage);
    const { command } = await listed.load();
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stderr.write(await help(name, command));
      return EXIT.done;
    }
    const { exitCode = EXIT.done, ...result } = await command.run(context, readArguments(command, rest));
    setOutput("outcome", result.outcome, context.env);
    if (json) process.stdout.write(`${redact(JSON.stringify(result))}\n`);
    return exitCode;
  } catch (error) {
    return report(error, context);
  } finally {
    reporter.close();
  }
}

/**
 * The signal that is aborted when the process is asked to end: by Ctrl-C, or by a runner, which sends SIGINT, then SIGTERM
 * 7.5 s later (https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation).
 *
 * Whatever comes after the first is the same wish once more and changes nothing, but that of a person who presses Ctrl-C
 * again: that leaves at once.
 */
function interruption(reporter: Reporter): AbortSignal {
  const controller = new AbortController();
  const terminal = process.stderr.isTTY === true;
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        // npm passes a terminal's Ctrl-C on to those who have got it already.
        if (!terminal || signal !== "SIGINT" || performance.now() - asked < SAME_KEY_MS) return;
        reporter.warn("Left at once: the stack may stay locked, and a step may be half done.");
        process.exit(EXIT.failed);
      }
      asked = performance.now();
      reporter.warn(
        `${signal}: ending in order; the engine finishes the step that it is in.${terminal ? " Ctrl-C once more leaves at once." : ""}`,
      );
      controller.abort(
        new UserError(
          "interrupted",
          `Interrupted by ${signal}.`,
          "Run the same command again: it goes on where this one stopped.",
        ),
      );
    });
  }
  return controller.signal;
}
function readArguments(
  command: Command,
  argv: string[],
): { values: Record<string, unknown>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { ...command.options, json: { type: "boolean" } },
      allowPositionals: true,
    });
    const surplus = positionals.slice(command.positionals.length);
    if (surplus.length > 0) throw new TypeError(`Nobody asked for ${surplus.join(" ")}.`);
    return { values, positionals };
  } catch (error) {
    throw new UserError("usage", messageOf(error), `Usage: npm run ${command.usage}`, EXIT.usage);
  }
}

function report(error: unknown, { env, json, reporter }: Context): number {
  const user = error instanceof UserError ? error : undefined;
  const message = redact(
    user ? user.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  setOutput("outcome", user?.code ?? "bug", env);
  reporter.fail(user ? `Stopped (${user.code})` : "This is a bug", message);
  if (user) reporter.say(`\n${user.fix}\n\n${pageOf(user.code, env)}`);
  if (json) {
    const outcome = user
      ? { outcome: user.code, message, fix: redact(user.fix) }
      : { outcome: "bug", message };
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
  return user?.exitCode ?? EXIT.failed;
}

/** Where the code is explained; on GitHub as an address that leads to its line: https://wicg.github.io/scroll-to-text-fragment/ */
function pageOf(code: string, env: NodeJS.ProcessEnv): string {
  const page = "docs/playbook.md#outcomes-by-code";
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  if (!server || !repository) return `More on ${code}: ${page}`;
  return `More on ${code}: ${server}/${repository}/blob/main/${page}:~:text=${code.replaceAll("-", "%2D")}`;
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return [
    "Commands (npm run <command> -- …):",
    ...lines,
    "",
    "Each has --help, with examples, and --json. Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration,",
    "3 stopped by a guard: nothing was touched.",
    "",
  ].join("\n");
}

async function help(name: string, command: Command): Promise<string> {
  const { optionWords } = await import("./commands/option-words.ts");
  const options = [...Object.keys(command.options), "json"].map((option) =>
    `  --${option.padEnd(14)} ${optionWords(name, option) ?? ""}`.trimEnd(),
  );
  return [
    COMMANDS[name]?.summary ?? "",
    "",
    `Usage: npm run ${command.usage}`,
    "",
    "Options:",
    ...options,
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}
