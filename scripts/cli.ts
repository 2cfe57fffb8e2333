import { enableCompileCache } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Command } from "./commands/command.ts";
import type { Context } from "./context.ts";
import { EXIT, UserError } from "./errors.ts";
import { setOutput } from "./github/output.ts";
import { withdrawSecrets } from "./secrets/open.ts";
import { redact } from "./secrets/redaction.ts";
import { createReporter } from "./terminal/reporter.ts";

enableCompileCache();

// Loaded when asked for: a command must not pay for what only another one needs.
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  preview: () => import("./commands/preview.ts"),
  deploy: () => import("./commands/deploy.ts"),
  release: () => import("./commands/release.ts"),
  rollback: () => import("./commands/rollback.ts"),
  drift: () => import("./commands/drift.ts"),
  releases: () => import("./commands/releases.ts"),
  rehearse: () => import("./commands/rehearse.ts"),
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  const load = name === undefined ? undefined : COMMANDS[name];
  if (!load) {
    const asked = name === undefined || name === "--help" || name === "-h" || name === "help";
    process.stderr.write(await overview(asked ? undefined : name));
    return asked && name !== undefined ? EXIT.done : EXIT.usage;
  }
  const { command } = await load();
  if (rest.includes("--help") || rest.includes("-h")) {
    process.stderr.write(help(command));
    return EXIT.done;
  }

  const json = rest.includes("--json");
  const github = process.env.GITHUB_ACTIONS === "true";
  const reporter = createReporter({ stream: process.stderr, github });
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      reporter.warn(`${signal}: ending in order; the engine finishes the step that it is in.`);
      interruption.abort(
        new UserError(
          "interrupted",
          `Interrupted by ${signal}.`,
          "Run the same command again: it goes on where this one stopped.",
        ),
      );
    });
  }
  const context: Context = {
    root: dirname(dirname(fileURLToPath(import.meta.url))),
    env: withdrawSecrets(process.env),
    reporter,
    json,
    now: () => new Date(),
    signal: interruption.signal,
  };
  try {
    const args = readArguments(command, rest);
    const result = await command.run(context, args);
    setOutput("outcome", result.outcome, context.env);
    if (json) process.stdout.write(`${redact(JSON.stringify(result))}\n`);
    return EXIT.done;
  } catch (error) {
    return report(error, context);
  } finally {
    reporter.close();
  }
}

function readArguments(
  command: Command,
  argv: string[],
): { values: Record<string, unknown>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { ...command.options, json: { type: "boolean" } },
      allowPositionals: command.positionals.length > 0,
    });
    return { values, positionals };
  } catch (error) {
    throw new UserError(
      "usage",
      error instanceof Error ? error.message : String(error),
      `Usage: ${command.usage}`,
      EXIT.usage,
    );
  }
}

function report(error: unknown, { env, json, reporter }: Context): number {
  const user = error instanceof UserError ? error : undefined;
  const message = redact(
    user ? user.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  setOutput("outcome", user?.code ?? "bug", env);
  reporter.say(
    `\n${user ? `Stopped (${user.code}): ` : "This is a bug. "}${message}${user ? `\n\n${redact(user.fix)}` : ""}`,
  );
  if (json) {
    const outcome = user
      ? { outcome: user.code, message, fix: redact(user.fix) }
      : { outcome: "bug", message };
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
  return user?.exitCode ?? EXIT.failed;
}

async function overview(unknown: string | undefined): Promise<string> {
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(
      async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).command.summary}`,
    ),
  );
  return [
    ...(unknown === undefined ? [] : [`There is no command ${unknown}.\n`]),
    "Commands (npm run <command> -- …):",
    ...lines,
    "",
    "Each has --help, with examples, and --json. Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration,",
    "3 stopped by a guard: nothing was touched.",
    "",
  ].join("\n");
}

function help(command: Command): string {
  const options = Object.keys(command.options).map((name) => `  --${name}`);
  return [
    command.summary,
    "",
    `Usage: npm run ${command.usage}`,
    ...(options.length > 0 ? ["", "Options:", ...options, "  --json"] : []),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}
