import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { copyTemplate } from "./copy-template.ts";

/** A person's clone of the repository, with the rehearsed GitHub as its remote. */
export interface Checkout {
  dir: string;
  git(...args: string[]): Promise<string>;
  read(file: string): string;
  /** Replaces text in a file; fails when the text is not there, so that a scene can't quietly do nothing. */
  edit(file: string, from: string, to: string): void;
  /** The same for what a pattern finds. */
  replace(file: string, pattern: RegExp, to: string): void;
  /** Commits everything on the branch that is checked out; gives the commit's sha. */
  commit(message: string): Promise<string>;
}

const PERSON = { name: "Robin Harbour", email: "robin@quayside.example" };

/** It is pushed once and from disk to disk: making it small takes longer than it saves. */
const SETTINGS = "[core]\n\tcompression = 0\n[pack]\n\twindow = 0\n";

/**
 * Copies the working tree into a fresh clone, so that what is rehearsed is what is on the developer's screen, but for the names
 * and settings, which are the template's. It stands below the repository, where Node finds the installed packages. Nothing is
 * committed yet: {@link publish} does that.
 */
export async function makeCheckout(root: string, dir: string): Promise<Checkout> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  copyTemplate(root, dir);
  const git = async (...args: string[]) => {
    const result = await execa("git", args, {
      cwd: dir,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: dir,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: PERSON.name,
        GIT_AUTHOR_EMAIL: PERSON.email,
        GIT_COMMITTER_NAME: PERSON.name,
        GIT_COMMITTER_EMAIL: PERSON.email,
      },
      extendEnv: false,
    });
    return result.stdout.trim();
  };
  const checkout: Checkout = {
    dir,
    git,
    read: (file) => readFileSync(join(dir, file), "utf8"),
    edit(file, from, to) {
      const path = join(dir, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} has no text “${from}”`);
      writeFileSync(path, text.replace(from, to));
    },
    replace(file, pattern, to) {
      const path = join(dir, file);
      const text = readFileSync(path, "utf8");
      if (!pattern.test(text)) throw new Error(`${file} has nothing like ${pattern}`);
      writeFileSync(path, text.replace(pattern, to));
    },
    async commit(message) {
      await git("add", "--all");
      await git("commit", "--quiet", "--message", message);
      return git("rev-parse", "HEAD");
    },
  };
  await git("init", "--quiet", "--initial-branch", "main");
  appendFileSync(join(dir, ".git", "config"), SETTINGS);
  await git("add", "--all");
  return checkout;
}

/** Commits the copy and pushes it to a bare repository, which becomes its remote. */
export async function publish({ git, commit }: Checkout, remote: string): Promise<void> {
  await commit("Start from the template");
  await git("remote", "add", "origin", remote);
  await git("push", "--quiet", "--force", "origin", "main");
}
