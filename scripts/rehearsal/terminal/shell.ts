import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";

/** What one line at the prompt came to. */
export interface Answer {
  exitCode: number;
  /** stdout and stderr, in the order in which they came. */
  said: string;
}

/** A person's shell: what a line exports, and where it goes, counts for the lines after it. */
export interface Shell {
  type(line: string): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Starts bash in a folder. Nobody is at its keyboard: a line that asks something reads the end of its input.
 *
 * @param env all of its environment
 */
export function openShell(folder: string, env: Record<string, string>): Shell {
  const bash = spawn("bash", ["--norc", "--noprofile"], { cwd: folder, env });
  const ear = listen(bash);
  return {
    async type(line) {
      const end = `end-${randomBytes(8).toString("hex")}`;
      ear.forget();
      bash.stdin.write(`{ ${line}\n} </dev/null 2>&1\nprintf '\\n%s %d\\n' ${end} $?\n`);
      const { before, found } = await ear.hear(new RegExp(`\\n${end} (\\d+)\\n`));
      return { exitCode: Number(found[1]), said: before };
    },
    async close() {
      bash.stdin.end();
      await ear.closed;
    },
  };
}

/** Lets a line that runs until somebody ends it run until it has said this, then ends it as a terminal that is closed does. */
export async function typeUntil(
  folder: string,
  env: Record<string, string>,
  line: string,
  pattern: RegExp,
): Promise<Answer> {
  // A process group of its own, so that all of it can be ended.
  const bash = spawn("bash", ["--norc", "--noprofile", "-c", `${line} 2>&1`], {
    cwd: folder,
    env,
    detached: true,
  });
  bash.stdin.end();
  const ear = listen(bash);
  try {
    await ear.hear(pattern);
  } finally {
    if (bash.exitCode === null && bash.pid !== undefined) process.kill(-bash.pid, "SIGTERM");
  }
  return { exitCode: await ear.closed, said: ear.all() };
}

function listen(child: ChildProcess) {
  let heard = "";
  let listener = () => {};
  let over = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
      listener();
    });
  const closed = new Promise<number>((resolve) =>
    child.once("close", (code) => {
      over = true;
      listener();
      resolve(code ?? 1);
    }),
  );
  return {
    closed,
    all: () => heard,
    forget() {
      heard = "";
    },
    hear: (pattern: RegExp) =>
      new Promise<{ found: RegExpExecArray; before: string }>((resolve, reject) => {
        listener = () => {
          const found = pattern.exec(heard);
          if (found) resolve({ found, before: heard.slice(0, found.index) });
          else if (over) reject(new Error(`It has ended without ${pattern}:\n${heard.slice(-4000)}`));
        };
        listener();
      }),
  };
}
