import { type Git, lines } from "./git.ts";

/** A file on which the two sides can't be brought together by git. */
export interface Conflict {
  file: string;
  /** For people: `changed on both sides`. */
  what: string;
}

/** What an upgrade would bring, and what it would meet. */
export interface Comparison {
  /** The template's commits since the base, newest first: `1a2b3c4 Say more`. */
  commits: string[];
  /** Files that the template has changed since. */
  changed: string[];
  /** Those of them that were changed here too, and come together by themselves. */
  merged: string[];
  conflicts: Conflict[];
}

/**
 * Compares without changing anything but git's store of objects.
 *
 * @param link a commit with the files of HEAD that has the base among its parents, {@link linkTo}
 */
export async function compare(git: Git, base: string, link: string, upstream: string): Promise<Comparison> {
  const range = `${base}..${upstream}`;
  const [commits, changed, own, trial] = await Promise.all([
    git.run("log", "--no-merges", "--format=%h %s", range),
    git.run("diff", "--name-only", "--no-renames", base, upstream),
    git.run("diff", "--name-only", "--no-renames", base, "HEAD"),
    // Ends with 1 where there are conflicts; the files are between the tree and an empty line.
    git.ask("merge-tree", "--write-tree", "--name-only", link, upstream),
  ]);
  const [, ...rest] = trial.text.split("\n");
  const names = trial.ok ? [] : rest.slice(0, rest.indexOf("") < 0 ? undefined : rest.indexOf(""));
  const mine = new Set(lines(own));
  const conflicts = await Promise.all(
    [...new Set(names)].map(async (file) => ({ file, what: await sidesOf(git, file, base, upstream) })),
  );
  return {
    commits: lines(commits),
    changed: lines(changed),
    merged: lines(changed).filter((file) => mine.has(file) && !names.includes(file)),
    conflicts,
  };
}

/** A commit with the files of HEAD whose parents are HEAD and the base, so that a plain merge knows what both sides began with. */
export async function linkTo(git: Git, base: string): Promise<string> {
  const head = await git.run("rev-parse", "HEAD");
  const related = await git.ask("merge-base", "--is-ancestor", base, "HEAD");
  if (related.ok) return head;
  const message = `Say which commit of the template this began with\n\n${base}`;
  return git.run("commit-tree", "HEAD^{tree}", "-p", head, "-p", base, "-m", message);
}

async function sidesOf(git: Git, file: string, base: string, upstream: string): Promise<string> {
  const there = async (commit: string) => (await git.ask("cat-file", "-e", `${commit}:${file}`)).ok;
  const [before, here, theirs] = await Promise.all([there(base), there("HEAD"), there(upstream)]);
  if (!before) return "added on both sides, with other content";
  if (!here) return "deleted here, changed in the template";
  if (!theirs) return "changed here, deleted in the template";
  return "changed on both sides";
}
