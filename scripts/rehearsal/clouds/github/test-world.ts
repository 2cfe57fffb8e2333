import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type GithubCloud, type GithubOptions, startGithub } from "./start.ts";

export const TOKEN = "ghs_rehearsal000000000000000000000000";

/** A GitHub cloud in a folder of its own with a clone that tests commit in and push from. */
export interface TestWorld extends AsyncDisposable {
  cloud: GithubCloud;
  folder: string;
  /** Runs git in the clone; its trimmed output. */
  git(...args: string[]): string;
  /** Writes files, commits them on the branch (made from where the clone stands) and pushes; the commit's SHA. */
  push(branch: string, files: Record<string, string>, message?: string): string;
  /** An admin call; its parsed answer, undefined for 204. */
  admin(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
}

export async function testWorld(options: Partial<GithubOptions> = {}): Promise<TestWorld> {
  const folder = options.world ?? mkdtempSync(join(tmpdir(), "github-cloud-"));
  const cloud = await startGithub({ token: TOKEN, ...options, world: folder });
  const clone = mkdtempSync(join(tmpdir(), "github-clone-"));
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd: clone,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: clone,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Ada",
        GIT_AUTHOR_EMAIL: "ada@example.com",
        GIT_COMMITTER_NAME: "Ada",
        GIT_COMMITTER_EMAIL: "ada@example.com",
      },
    }).trim();
  git("init", "--quiet", "-b", "main");
  // Of a few commits nothing needs to be tidied up.
  appendFileSync(
    join(clone, ".git", "config"),
    `[maintenance]\n\tauto = false\n[remote "origin"]\n\turl = ${cloud.gitDir}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
  );
  let branchNow = "main";
  const push = (branch: string, files: Record<string, string>, message = `change ${branch}`): string => {
    if (branch !== branchNow) git("switch", "--quiet", "-C", branch, "main");
    branchNow = branch;
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), text);
    }
    git("add", "--all");
    git("commit", "--quiet", "--message", message);
    git("push", "--quiet", "--force", "origin", `${branch}:${branch}`);
    const sha = git("rev-parse", "HEAD");
    if (branch !== "main") git("switch", "--quiet", "main");
    branchNow = "main";
    return sha;
  };
  return {
    cloud,
    folder,
    git,
    push,
    async admin(method, path, body) {
      const response = await fetch(`${cloud.url}/_rehearsal/${path}`, {
        method,
        body: body === undefined ? null : JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      const text = await response.text();
      return text === "" ? {} : JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      rmSync(folder, { recursive: true, force: true });
      rmSync(clone, { recursive: true, force: true });
    },
  };
}
