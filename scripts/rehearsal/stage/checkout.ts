import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { asTemplate } from "./as-template.ts";
import { rehearsedOf } from "./rehearsed.ts";

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

/**
 * Copies the working tree (what git tracks and what it does not ignore, as far as it is rehearsed) into a fresh clone, so that
 * what is rehearsed is what is on the developer's screen, with the names and settings of the template. It stands below the repository, where Node finds the installed packages.
 */
export async function makeCheckout(
  root: string,
  dir: string,
  remote: string,
  configure: (checkout: Checkout) => void,
): Promise<Checkout> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  // A name that ends with a slash is a repository of its own, which is no part of this one.
  for (const file of rehearsedOf(stdout.split("\0").filter((name) => name !== "" && !name.endsWith("/")))) {
    const from = join(root, file);
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    // `recursive`, so that a link to a folder stays a link.
    cpSync(from, join(dir, file), { recursive: true, verbatimSymlinks: true });
  }
  asTemplate(dir);
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
  configure(checkout);
  await checkout.commit("Start from the template");
  await git("remote", "add", "origin", remote);
  await git("push", "--quiet", "--force", "origin", "main");
  return checkout;
}
