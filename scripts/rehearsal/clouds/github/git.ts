import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface GitPerson {
  name: string;
  email: string;
  /** ISO 8601, UTC. */
  date: string;
}

export interface GitCommit {
  sha: string;
  tree: string;
  parents: string[];
  author: GitPerson;
  committer: GitPerson;
  message: string;
}

/** One changed file of a diff, in the words of GitHub's API. */
export interface GitChange {
  sha: string;
  filename: string;
  previous_filename?: string;
  status: "added" | "removed" | "modified" | "renamed";
  additions: number;
  deletions: number;
  changes: number;
  patch?: string;
}

export interface GitRef {
  /** In full: `refs/heads/main`. */
  ref: string;
  sha: string;
  type: "commit" | "tag" | "tree" | "blob";
  /** The commit that an annotated tag points at; the same as `sha` for anything else. */
  commit: string;
}

/** GitHub's own committer identity of merges and edits made on its site. */
const WEB_FLOW = { name: "GitHub", email: "noreply@github.com" };
const ZERO = "0".repeat(40);
export const FULL_SHA = /^[0-9a-f]{40}$/;
/** Arguments of git log and git rev-list with which the answer is always the same. */
const FIXED = /^(?:[0-9a-f]{40}(?:\.\.[0-9a-f]{40})?|--reverse|--merges|--no-merges)$/;
const LOG_FORMAT = ["%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B"].join("%x00");

/** Test merges must survive until they are asked for, and any commit may be fetched by its SHA, as on GitHub. */
const SETTINGS = "[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n[uploadpack]\n\tallowAnySHA1InWant = true\n";

/** A git command that failed, with what it said. */
export class GitError extends Error {
  readonly exitCode: number;
  constructor(args: string[], exitCode: number, stderr: string) {
    super(`git ${args.join(" ")}: exit ${exitCode}: ${stderr.trim()}`);
    this.exitCode = exitCode;
  }
}

/** One bare repository on disk, read and written by the git of the machine and by nothing else. */
export class Git {
  readonly dir: string;
  readonly #now: () => Date;
  readonly #answers = new Map<string, unknown>();

  constructor(dir: string, now: () => Date) {
    this.dir = dir;
    this.#now = now;
  }

  async init(defaultBranch: string): Promise<void> {
    if (existsSync(join(this.dir, "HEAD"))) {
      await this.run(["worktree", "prune"]);
      return;
    }
    await mkdir(dirname(this.dir), { recursive: true });
    await this.run(["init", "--quiet", "--bare", "-b", defaultBranch, this.dir], { cwd: dirname(this.dir) });
    await appendFile(join(this.dir, "config"), SETTINGS);
  }

  run(
    args: string[],
    options: { cwd?: string; input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> {
    return this.#spawn(args, options).then((out) => out.toString("utf8"));
  }

  async #spawn(
    args: string[],
    options: { cwd?: string; input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        "git",
        args,
        {
          cwd: options.cwd ?? this.dir,
          encoding: "buffer",
          maxBuffer: 256 * 1024 * 1024,
          // The machine's own git settings (signing, hooks, names) are none of this cloud's business.
          env: {
            PATH: process.env.PATH,
            HOME: this.dir,
            GIT_CONFIG_GLOBAL: "/dev/null",
            GIT_CONFIG_NOSYSTEM: "1",
            GIT_TERMINAL_PROMPT: "0",
            LC_ALL: "C",
            ...options.env,
          },
        },
        (error, stdout, stderr) => {
          if (!error) resolve(stdout);
          else reject(new GitError(args, typeof error.code === "number" ? error.code : 1, stderr.toString()));
        },
      );
      child.stdin?.on("error", () => {});
      child.stdin?.end(options.input ?? "");
    });
  }

  /** True for exit 0, false for exit 1; anything else is a failure. */
  async #asks(args: string[]): Promise<boolean> {
    try {
      await this.run(args);
      return true;
    } catch (error) {
      if (error instanceof GitError && error.exitCode === 1) return false;
      throw error;
    }
  }

  /**
   * What depends on whole SHAs alone stays as it is, and each question costs a process. What git does not have is asked for
   * again: it may have been pushed.
   */
  async #once<T>(question: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = this.#answers.get(question) as T | undefined;
    if (known !== undefined) return known;
    const answer = await ask();
    if (answer !== undefined) this.#answers.set(question, answer);
    return answer;
  }

  /** Runs a command whose answer is that of these revisions, and only once where none of them can move. */
  async #history(command: string[], revisions: string[], paths: string[] = []): Promise<string> {
    const args = [...command, ...revisions, "--", ...paths];
    if (!revisions.every((revision) => FIXED.test(revision))) return this.run(args);
    return (await this.#once(args.join("\0"), () => this.run(args))) ?? "";
  }

  /** The commit that a branch, a tag, a full ref or a SHA names, in GitHub's order; undefined if none does. */
  async resolve(name: string): Promise<string | undefined> {
    return FULL_SHA.test(name)
      ? this.#once(`resolve ${name}`, () => this.#resolve(name))
      : this.#resolve(name);
  }

  async #resolve(name: string): Promise<string | undefined> {
    if (name === "" || name.startsWith("-") || /[\s~^:?*\\]|\.\./.test(name)) return undefined;
    const named = [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`];
    const hex = /^[0-9a-f]{7,40}$/i.test(name);
    const candidates = name.startsWith("refs/") || name === "HEAD" ? [name] : hex ? [name, ...named] : named;
    // A whole SHA names nothing else; an abbreviated one gives way to a branch or tag of that name.
    if (hex && name.length < 40) candidates.push(candidates.shift() ?? name);
    const input = candidates.map((candidate) => `${candidate}^{commit}\n`).join("");
    const out = await this.run(["cat-file", "--batch-check=%(objectname)"], { input });
    return out.split("\n").find((line) => FULL_SHA.test(line));
  }

  async refs(prefix: string, sort = "refname"): Promise<GitRef[]> {
    const out = await this.run([
      "for-each-ref",
      `--sort=${sort}`,
      "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)",
      prefix,
    ]);
    return out
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [ref = "", sha = "", type = "commit", peeled = ""] = line.split("\0");
        return { ref, sha, type: type as GitRef["type"], commit: peeled || sha };
      });
  }

  async ref(full: string): Promise<GitRef | undefined> {
    // A branch that is not packed is a file with its commit, which is read a hundred times as fast as git starts.
    if (full.startsWith("refs/heads/") && !full.includes("..")) {
      const file = await readFile(join(this.dir, full), "utf8").catch(() => "");
      const sha = file.trim();
      if (FULL_SHA.test(sha)) return { ref: full, sha, type: "commit", commit: sha };
    }
    return (await this.refs(full)).find((found) => found.ref === full);
  }

  async log(
    range: string[],
    options: { limit?: number; skip?: number; paths?: string[] } = {},
  ): Promise<GitCommit[]> {
    const command = [
      "log",
      "-z",
      `--format=tformat:${LOG_FORMAT}`,
      ...(options.limit === undefined ? [] : [`--max-count=${options.limit}`]),
      ...(options.skip ? [`--skip=${options.skip}`] : []),
    ];
    const out = await this.#history(command, range, options.paths);
    const fields = out.split("\0");
    const commits: GitCommit[] = [];
    for (let at = 0; at + 9 < fields.length; at += 10) commits.push(parseCommit(fields.slice(at, at + 10)));
    return commits;
  }

  async commit(sha: string): Promise<GitCommit | undefined> {
    const found = await this.resolve(sha);
    if (found === undefined) return undefined;
    return (await this.log([found], { limit: 1 }))[0];
  }

  async count(range: string[], paths: string[] = []): Promise<number> {
    return Number(await this.#history(["rev-list", "--count"], range, paths));
  }

  async shas(range: string[]): Promise<string[]> {
    return (await this.#history(["rev-list"], range)).split("\n").filter(Boolean);
  }

  isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return this.#asks(["merge-base", "--is-ancestor", ancestor, descendant]);
  }

  /** Of two whole SHAs. */
  async mergeBase(one: string, other: string): Promise<string | undefined> {
    return this.#once(`merge-base ${one} ${other}`, () => this.#mergeBase(one, other));
  }

  async #mergeBase(one: string, other: string): Promise<string | undefined> {
    try {
      return (await this.run(["merge-base", one, other])).trim();
    } catch (error) {
      if (error instanceof GitError && error.exitCode === 1) return undefined;
      throw error;
    }
  }

  /** The files that differ between two commits, of which it takes whole SHAs; `from` undefined is the empty tree. */
  async changes(from: string | undefined, to: string): Promise<GitChange[]> {
    return (await this.#once(`changes ${from} ${to}`, () => this.#changes(from, to))) ?? [];
  }

  async #changes(from: string | undefined, to: string): Promise<GitChange[]> {
    const base = from ?? (await this.run(["hash-object", "-t", "tree", "--stdin"])).trim();
    const [raw, numbers, text] = await Promise.all([
      this.run(["diff", "--raw", "-z", "-M", "--no-abbrev", base, to]),
      this.run(["diff", "--numstat", "-z", "-M", base, to]),
      this.run(["diff", "-M", "--no-color", base, to]),
    ]);
    const patches = text.split(/^diff --git /m).slice(1);
    const counts = numstat(numbers);
    const fields = raw.split("\0");
    const changes: GitChange[] = [];
    for (let at = 0; at < fields.length && fields[at]?.startsWith(":"); ) {
      const [, , , sha = "", letter = "M"] = (fields[at] ?? "").split(" ");
      const renamed = letter.startsWith("R") || letter.startsWith("C");
      const first = fields[at + 1] ?? "";
      const [additions, deletions] = counts[changes.length] ?? [0, 0];
      const hunk = patches[changes.length]?.search(/^@@/m) ?? -1;
      changes.push({
        sha: sha === ZERO ? "" : sha,
        filename: renamed ? (fields[at + 2] ?? "") : first,
        ...(renamed && { previous_filename: first }),
        status: renamed ? "renamed" : letter === "A" ? "added" : letter === "D" ? "removed" : "modified",
        additions,
        deletions,
        changes: additions + deletions,
        ...(hunk >= 0 && { patch: (patches[changes.length] ?? "").slice(hunk).trimEnd() }),
      });
      at += renamed ? 3 : 2;
    }
    return changes;
  }

  /** Moves a ref, only from `old` if that is given (40 zeros: must not exist yet); false when it was elsewhere. */
  async updateRef(ref: string, sha: string, old?: string): Promise<boolean> {
    try {
      await this.run(["update-ref", ref, sha, ...(old === undefined ? [] : [old])]);
      return true;
    } catch (error) {
      if (old !== undefined && error instanceof GitError) return false;
      throw error;
    }
  }

  async createRef(ref: string, sha: string): Promise<boolean> {
    return this.updateRef(ref, sha, ZERO);
  }

  async deleteRef(ref: string): Promise<void> {
    await this.run(["update-ref", "-d", ref]);
  }

  /** A new commit on top of `parents`, committed by GitHub itself as on its web site. */
  async commitTree(tree: string, parents: string[], message: string, author: GitPerson): Promise<string> {
    const args = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent])];
    return (await this.run(args, { input: message, env: this.#people(author) })).trim();
  }

  /** The tree of merging `head` into `base`, or undefined for a conflict. */
  async mergeTree(base: string, head: string): Promise<string | undefined> {
    if (await this.isAncestor(base, head)) return this.treeOf(head);
    if (await this.isAncestor(head, base)) return this.treeOf(base);
    return this.#inWorktree(base, async (run) => {
      await run(["merge", "--quiet", "--no-commit", "--no-ff", head]);
      return (await run(["write-tree"])).trim();
    });
  }

  /** `head`'s own commits (merges left out) again on top of `base`; the last one's SHA, or undefined for a conflict. */
  async rebase(base: string, head: string): Promise<string | undefined> {
    const commits = (await this.log(["--reverse", "--no-merges", `${base}..${head}`])) satisfies GitCommit[];
    if (await this.isAncestor(base, head)) {
      const linear = (await this.count(["--merges", `${base}..${head}`])) === 0;
      if (linear) {
        let tip = base;
        for (const commit of commits)
          tip = await this.commitTree(commit.tree, [tip], commit.message, commit.author);
        return tip;
      }
    }
    return this.#inWorktree(base, async (run) => {
      for (const commit of commits) await run(["cherry-pick", "--allow-empty", commit.sha]);
      return (await run(["rev-parse", "HEAD"])).trim();
    });
  }

  async treeOf(commit: string): Promise<string> {
    return (await this.run(["rev-parse", `${commit}^{tree}`])).trim();
  }

  /** `git ls-tree`, one level. A path with a trailing slash lists a folder's content. */
  async list(
    commit: string,
    path: string,
  ): Promise<{ mode: string; type: string; sha: string; size: number; path: string }[]> {
    const out = await this.run(["ls-tree", "-l", "-z", commit, ...(path === "" ? [] : ["--", path])]);
    return out
      .split("\0")
      .filter(Boolean)
      .map((line) => {
        const [meta = "", name = ""] = line.split("\t");
        const [mode = "", type = "", sha = "", size = "-"] = meta.split(/ +/);
        return { mode, type, sha, size: size === "-" ? 0 : Number(size), path: name };
      });
  }

  blob(sha: string): Promise<Buffer> {
    return this.#spawn(["cat-file", "blob", sha]);
  }

  async object(sha: string, type: "tag" | "commit"): Promise<string | undefined> {
    if (!FULL_SHA.test(sha)) return undefined;
    try {
      return await this.run(["cat-file", type, sha]);
    } catch {
      return undefined;
    }
  }

  /** An annotated tag object (no ref); its SHA. */
  async makeTag(
    target: string,
    type: string,
    name: string,
    message: string,
    tagger: GitPerson,
  ): Promise<string> {
    const seconds = Math.floor(Date.parse(tagger.date) / 1000);
    const input = `object ${target}\ntype ${type}\ntag ${name}\ntagger ${tagger.name} <${tagger.email}> ${seconds} +0000\n\n${message}\n`;
    return (await this.run(["mktag"], { input })).trim();
  }

  /** The tree of `commit` with one file written (or removed, content undefined). */
  async writeFile(commit: string | undefined, path: string, content: Buffer | undefined): Promise<string> {
    const folder = await mkdtemp(join(dirname(this.dir), ".index-"));
    const env = { GIT_INDEX_FILE: join(folder, "index") };
    try {
      if (commit) await this.run(["read-tree", commit], { env });
      if (content) {
        const sha = (await this.run(["hash-object", "-w", "--stdin"], { input: content })).trim();
        await this.run(["update-index", "--add", "--cacheinfo", `100644,${sha},${path}`], { env });
      } else {
        await this.run(["update-index", "--force-remove", "--", path], { env });
      }
      return (await this.run(["write-tree"], { env })).trim();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  fetch(from: string, refspec: string): Promise<string> {
    return this.run(["fetch", "--quiet", "--no-tags", from, refspec]);
  }

  #people(author?: GitPerson): NodeJS.ProcessEnv {
    const now = `${Math.floor(this.#now().getTime() / 1000)} +0000`;
    return {
      GIT_COMMITTER_NAME: WEB_FLOW.name,
      GIT_COMMITTER_EMAIL: WEB_FLOW.email,
      GIT_COMMITTER_DATE: now,
      GIT_AUTHOR_NAME: author?.name ?? WEB_FLOW.name,
      GIT_AUTHOR_EMAIL: author?.email ?? WEB_FLOW.email,
      GIT_AUTHOR_DATE: author ? `${Math.floor(Date.parse(author.date) / 1000)} +0000` : now,
    };
  }

  /** Real merges need a work tree (git below 2.38 knows no other way); a conflict makes it undefined. */
  async #inWorktree(
    commit: string,
    work: (run: (args: string[]) => Promise<string>) => Promise<string>,
  ): Promise<string | undefined> {
    const folder = await mkdtemp(join(dirname(this.dir), ".merge-"));
    const tree = join(folder, "tree");
    await this.run(["worktree", "add", "--quiet", "--detach", tree, commit]);
    const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_AUTHOR_DATE, ...committer } = this.#people();
    try {
      return await work((args) => this.run(args, { cwd: tree, env: committer }));
    } catch (error) {
      if (error instanceof GitError && error.exitCode === 1) return undefined;
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
      await this.run(["worktree", "prune"]);
    }
  }
}

function parseCommit(fields: string[]): GitCommit {
  const [
    sha = "",
    tree = "",
    parents = "",
    an = "",
    ae = "",
    at = "0",
    cn = "",
    ce = "",
    ct = "0",
    message = "",
  ] = fields;
  const date = (seconds: string): string =>
    new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
  return {
    sha,
    tree,
    parents: parents.split(" ").filter(Boolean),
    author: { name: an, email: ae, date: date(at) },
    committer: { name: cn, email: ce, date: date(ct) },
    message: message.trimEnd(),
  };
}

/** `--numstat -z`: "added TAB deleted TAB path NUL", and for renames an empty path with two more NUL fields. */
function numstat(out: string): [number, number][] {
  const fields = out.split("\0");
  const counts: [number, number][] = [];
  for (let at = 0; at < fields.length && fields[at] !== ""; ) {
    const [added = "-", deleted = "-", path = ""] = (fields[at] ?? "").split("\t");
    counts.push([added === "-" ? 0 : Number(added), deleted === "-" ? 0 : Number(deleted)]);
    at += path === "" ? 3 : 1;
  }
  return counts;
}
