import { execa } from "execa";
import { inherited } from "../secrets/inherited.ts";

/** What git answered. */
export interface GitAnswer {
  ok: boolean;
  /** Without the line end. */
  text: string;
  error: string;
}

/** git in one folder. */
export interface Git {
  /** @throws Error with git's own words where it fails */
  run(...args: string[]): Promise<string>;
  /** The same where a failure is an answer too. */
  ask(...args: string[]): Promise<GitAnswer>;
}

/** @param env of the person who runs the command, for whatever lets git in at the other side */
export function gitIn(folder: string, env: NodeJS.ProcessEnv): Git {
  const agent = env.SSH_AUTH_SOCK;
  const ask = async (...args: string[]): Promise<GitAnswer> => {
    const result = await execa("git", args, {
      cwd: folder,
      env: {
        ...inherited(),
        LC_ALL: "C",
        GIT_TERMINAL_PROMPT: "0",
        ...(agent ? { SSH_AUTH_SOCK: agent } : {}),
      },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      maxBuffer: 64 * 1024 * 1024,
    });
    return { ok: result.exitCode === 0, text: result.stdout, error: result.stderr };
  };
  return {
    ask,
    async run(...args) {
      const { ok, text, error } = await ask(...args);
      if (!ok) throw new Error(`git ${args.join(" ")}: ${error || text}`);
      return text;
    },
  };
}

/** The lines of git's answer; none for an empty one. */
export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
