import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import * as errors from "@pulumi/pulumi/automation/errors.js";
import { StackNotFoundError } from "@pulumi/pulumi/automation/errors.js";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { LocalWorkspace } from "@pulumi/pulumi/automation/localWorkspace.js";
import { version as sdkVersion } from "@pulumi/pulumi/version.js";
import { execa } from "execa";
import { SemVer } from "semver";
import { EXIT, UserError } from "../errors.ts";
import { inherited } from "../secrets/inherited.ts";
import { engineFailure } from "./failure.ts";
import { skipPromiseTraces } from "./skip-promise-traces.ts";
import type { StackTarget } from "./target.ts";

/** What one run of the engine's command left; the shape that the SDK's Stack reads. */
interface CommandResult {
  stdout: string;
  stderr: string;
  code: number;
  err?: Error;
  toString(): string;
}
/** The SDK's declarations leave out the one method that its Stack calls on a PulumiCommand. */
interface RunnableCommand extends PulumiCommand {
  run(
    args: string[],
    cwd: string,
    env: Record<string, string>,
    onOutput?: (chunk: string) => void,
    onError?: (chunk: string) => void,
    signal?: AbortSignal,
  ): Promise<CommandResult>;
}

// The SDK keeps its mapping from the engine's words to typed errors internal, but its own Stack relies on
// whatever command it runs throwing them.
const { createCommandError } = errors as unknown as { createCommandError(result: CommandResult): Error };

/** The engine's version that package.json pins, `3.259.0`. */
export const engineVersion: string = sdkVersion;

/**
 * Opens a stack of the Pulumi program with the Automation API, and makes it where the backend has none yet.
 *
 * The program runs inline, in this process; the engine is a child process that gets the target's variables and a few
 * of this process's (PATH, HOME, proxies), but none of its secrets.
 *
 * @throws UserError `stack-unknown`, `engine-missing`, or what {@link engineFailure} makes of the engine's refusal
 */
export async function openStack(target: StackTarget): Promise<Stack> {
  skipPromiseTraces();
  const workDir = workspaceOf(target);
  try {
    return await LocalWorkspace.createOrSelectStack(
      { stackName: target.name, projectName: target.project, program: target.program },
      {
        workDir,
        projectSettings: { name: target.project, runtime: "nodejs" },
        // A clone's settings have no salt. Without this the engine would make a new one each time, and each derives a key from
        // the passphrase, which is slow by design (0.2 s): the state's own salt will do.
        envVars: { PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true", ...target.engineEnv },
        secretsProvider: secretsProviderOf(target),
        pulumiCommand: engineCommand(target),
      },
    );
  } catch (error) {
    throw engineFailure("open", target.name, [], error);
  }
}

/**
 * Runs one command of the engine that needs no program, such as `stack export`, in the stack's own workspace.
 *
 * @param input what it reads where it asks
 * @returns what it said, and the folder with the stack's settings as it has left them
 * @throws the SDK's typed errors; {@link engineFailure} makes words for people of them
 */
export async function runEngine(
  target: StackTarget,
  args: string[],
  input?: string,
): Promise<{ stdout: string; stderr: string; folder: string }> {
  const { workspace } = await openStack(target);
  const { workDir: folder } = workspace;
  const { stdout, stderr } = await engineCommand(target, input).run(args, folder, workspace.envVars);
  return { stdout, stderr, folder };
}

function secretsProviderOf({ engineEnv }: StackTarget): string {
  return engineEnv.PULUMI_SECRETS_PROVIDER ?? "passphrase";
}

const workspaces = new Map<string, string>();

/**
 * A folder of its own for the engine, with the stack's settings: the engine writes into them (a new stack's salt), and a
 * checkout must stay as it was committed. A stack keeps its folder, and so its salt, until the process ends; with other
 * settings, another passphrase or another backend it gets another one.
 */
function workspaceOf({ infraDir, name, engineEnv }: StackTarget): string {
  const settings = `Pulumi.${name}.yaml`;
  const file = join(infraDir, settings);
  if (!existsSync(file)) {
    throw new UserError(
      "stack-unknown",
      `There is no ${file}, so there is no stack ${name} in this checkout.`,
      "Add the file, or choose a commit that has it.",
      EXIT.usage,
    );
  }
  const content = readFileSync(file, "utf8");
  const { PULUMI_BACKEND_URL: backend, PULUMI_CONFIG_PASSPHRASE: passphrase } = engineEnv;
  const key = JSON.stringify([file, content, backend, passphrase]);
  const known = workspaces.get(key);
  if (known) return known;
  const folder = mkdtempSync(join(tmpdir(), `stack-${name}-`));
  if (workspaces.size === 0) process.once("exit", removeWorkspaces);
  writeFileSync(join(folder, settings), content);
  workspaces.set(key, folder);
  return folder;
}

function removeWorkspaces(): void {
  for (const folder of workspaces.values()) rmSync(folder, { recursive: true, force: true });
}

/** How the engine is run: exactly the variables given, so that two stacks in one process never see each other's. */
function engineCommand(target: StackTarget, input?: string): RunnableCommand {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const command = join(home, "versions", engineVersion, "bin", "pulumi");
  const engine: RunnableCommand = {
    command,
    // No `pulumi version` process a start: the path says which version it is.
    version: new SemVer(engineVersion),
    async run(args, cwd, env, onOutput, onError, signal) {
      const child = execa(command, [...args, "--non-interactive", "--color", "never"], {
        cwd,
        env: { ...inherited(), ...withoutSidecars(env) },
        extendEnv: false,
        reject: false,
        ...(input === undefined ? { stdin: "ignore" as const } : { input }),
        maxBuffer: 1024 * 1024 * 1024,
        // At a second SIGINT the engine drops everything, lock and state too. A terminal sends Ctrl-C to its whole process
        // group: in one of its own, the engine gets it once, from here.
        detached: true,
        cleanup: false,
        // The engine finishes the step that it is in, saves the state and releases the lock when it is interrupted.
        ...(signal ? { cancelSignal: signal } : {}),
        killSignal: "SIGINT",
        forceKillAfterDelay: false,
      });
      const interrupt = () => {
        if (!signal?.aborted) child.kill("SIGINT");
      };
      process.once("exit", interrupt);
      if (onOutput) child.stdout?.on("data", (chunk: Buffer) => onOutput(chunk.toString()));
      if (onError) child.stderr?.on("data", (chunk: Buffer) => onError(chunk.toString()));
      const result = await child;
      process.off("exit", interrupt);
      if (result.code === "ENOENT") {
        throw new UserError(
          "engine-missing",
          `There is no Pulumi engine at ${command}.`,
          "Start the command with npm (`npm run …`), which gets the engine first, or set PULUMI_HOME to where it is.",
          EXIT.usage,
        );
      }
      const outcome = result.signal
        ? // Killed in the middle of its progress, which says nothing of why.
          commandResult("", `The engine's process was ended by ${result.signal}.`, 1)
        : commandResult(result.stdout, result.stderr, result.exitCode ?? 1, result.cause);
      if (result.failed) throw createCommandError(outcome);
      return outcome;
    },
  };
  const provider = ["--secrets-provider", secretsProviderOf(target)];
  /** Where a stack that can't be made is looked at. */
  let empty: string | undefined;
  return {
    ...engine,
    async run(args, cwd, given, ...rest) {
      const env = empty === undefined ? given : { ...given, PULUMI_BACKEND_URL: empty };
      // Every later call names its stack, so a selection would be one process for nothing. A stack that is not there yet
      // shows at the first call that needs it, and is made then.
      if (args[0] === "stack" && args[1] === "select") return commandResult("", "", 0);
      try {
        return await engine.run(args, cwd, env, ...rest).catch(async (error: unknown) => {
          if (!(error instanceof StackNotFoundError)) throw error;
          await engine.run(["stack", "init", target.name, ...provider], cwd, env);
          return engine.run(args, cwd, env, ...rest);
        });
      } catch (error) {
        if (!target.readsOnly || empty !== undefined || !mayNotWrite(error)) throw error;
        empty = pathToFileURL(mkdtempSync(join(cwd, "empty-"))).href;
        const there = { ...given, PULUMI_BACKEND_URL: empty };
        await engine.run(["stack", "init", target.name, ...provider], cwd, there);
        return engine.run(args, cwd, there, ...rest);
      }
    },
  };
}

/**
 * Lets the engine keep a state in a folder without a file of attributes beside each of its files. It replaces the state's file in
 * one step, but not that one: killed while it writes it, no engine would read the state again (`failed to load checkpoint: EOF`).
 * https://pkg.go.dev/gocloud.dev/blob/fileblob#URLOpener
 */
function withoutSidecars(env: Record<string, string>): Record<string, string> {
  const { PULUMI_BACKEND_URL: backend } = env;
  if (!backend?.startsWith("file://") || /[?&]metadata=/.test(backend)) return env;
  return { ...env, PULUMI_BACKEND_URL: `${backend}${backend.includes("?") ? "&" : "?"}metadata=skip` };
}

/**
 * Whether a bucket refused to be written to, which it is only for a stack, or a state, that is not there yet. One that may not be read
 * is refused in other words, and never taken for an empty one.
 */
function mayNotWrite(error: unknown): boolean {
  return error instanceof Error && /operation error S3: PutObject\b.*\bAccessDenied\b/s.test(error.message);
}

function commandResult(stdout: string, stderr: string, code: number, cause?: unknown): CommandResult {
  const error = cause instanceof Error ? cause : undefined;
  return {
    stdout,
    stderr,
    code,
    err: error,
    toString: () => `code: ${code}\nstdout: ${stdout}\nstderr: ${stderr}${error ? `\n${error.message}` : ""}`,
  };
}
