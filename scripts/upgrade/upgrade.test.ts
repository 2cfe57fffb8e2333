import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { execaSync } from "execa";
import { afterAll, expect, it } from "vitest";
import type { Context } from "../context.ts";
import { createReporter } from "../terminal/reporter.ts";
import { upgrade } from "./upgrade.ts";

const folder = mkdtempSync(join(tmpdir(), "upgrade-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function git(dir: string, ...args: string[]): string {
  const who = { GIT_AUTHOR_NAME: "Robin", GIT_AUTHOR_EMAIL: "robin@quayside.example" };
  const env = { ...who, GIT_COMMITTER_NAME: "Robin", GIT_COMMITTER_EMAIL: "robin@quayside.example" };
  return execaSync("git", args, { cwd: dir, env }).stdout;
}

function write(dir: string, files: Record<string, string | undefined>): void {
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) rmSync(join(dir, name));
    else {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
  }
}

function commit(dir: string, message: string, files: Record<string, string | undefined>): string {
  write(dir, files);
  git(dir, "add", "--all");
  git(dir, "commit", "--quiet", "-m", message);
  return git(dir, "rev-parse", "HEAD");
}

const LINES = "one\ntwo\nthree\nfour\nfive\n";

/** A template with three files, and a repository that was made from it as GitHub does it: one commit with its files, and no history. */
function madeFromTemplate() {
  const dir = join(folder, String(++count));
  const [template, own] = [join(dir, "template"), join(dir, "own")];
  for (const each of [template, own]) {
    mkdirSync(each, { recursive: true });
    git(each, "init", "--quiet", "-b", "main");
    git(each, "config", "user.name", "Robin");
    git(each, "config", "user.email", "robin@quayside.example");
  }
  commit(template, "Begin", { "a.txt": "early\n" });
  const base = commit(template, "A template", { "a.txt": LINES, "b.txt": "b\n", "c.txt": "c\n" });
  commit(own, "Initial commit", { "a.txt": LINES, "b.txt": "b\n", "c.txt": "c\n" });
  return { template, own, base };
}

function run(root: string, order: { check?: boolean; from?: string; base?: string } = {}) {
  const context: Context = {
    root,
    env: {},
    reporter: createReporter({
      stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
      github: false,
    }),
    json: true,
    now: () => new Date(),
    signal: new AbortController().signal,
  };
  return upgrade(context, { check: order.check ?? false, from: order.from, base: order.base });
}

it("brings in what the template has changed, keeps what was changed here, and remembers how far it came", async () => {
  const { template, own, base } = madeFromTemplate();
  commit(own, "Our own", { "a.txt": LINES.replace("five", "our five"), "ours.txt": "ours\n" });
  const newest = commit(template, "Better", {
    "a.txt": LINES.replace("one", "new one"),
    "d.txt": "d\n",
    "c.txt": undefined,
  });

  const done = await run(own, { from: template });
  expect(done).toMatchObject({ outcome: "merged", base, upstream: newest, merged: ["a.txt"], conflicts: [] });
  expect(readFileSync(join(own, "a.txt"), "utf8")).toBe("new one\ntwo\nthree\nfour\nour five\n");
  expect([
    existsSync(join(own, "c.txt")),
    existsSync(join(own, "d.txt")),
    existsSync(join(own, "ours.txt")),
  ]).toEqual([false, true, true]);
  expect(git(own, "status", "--porcelain")).toBe("");
  expect(git(own, "branch", "--show-current")).toBe(`upgrade-${newest.slice(0, 7)}`);

  // Also where the pull request was squashed, so that the template's history is not there: the file has the base.
  git(own, "switch", "--quiet", "main");
  git(own, "merge", "--quiet", "--squash", `upgrade-${newest.slice(0, 7)}`);
  git(own, "commit", "--quiet", "-m", "Upgrade");
  expect(await run(own)).toMatchObject({ outcome: "up-to-date" });
  commit(template, "Better still", { "b.txt": "better\n" });
  expect(await run(own)).toMatchObject({ outcome: "merged", base: newest, changed: ["b.txt"] });
});

it("changes nothing with --check, and says file by file what a person will have to decide", async () => {
  const { template, own } = madeFromTemplate();
  commit(own, "Our own", {
    "a.txt": LINES.replace("one", "our one"),
    "b.txt": undefined,
    "c.txt": "our c\n",
    "d.txt": "our d\n",
  });
  commit(template, "Better", {
    "a.txt": LINES.replace("one", "new one"),
    "b.txt": "better\n",
    "c.txt": undefined,
    "d.txt": "d\n",
  });
  const before = [git(own, "rev-parse", "HEAD"), git(own, "for-each-ref"), git(own, "status", "--porcelain")];
  write(own, { "half-done.txt": "not committed\n" });
  const seen = await run(own, { from: template, check: true });
  expect(seen.outcome).toBe("changes");
  expect(seen.conflicts.toSorted((a, b) => (a.file < b.file ? -1 : 1))).toEqual([
    { file: "a.txt", what: "changed on both sides" },
    { file: "b.txt", what: "deleted here, changed in the template" },
    { file: "c.txt", what: "changed here, deleted in the template" },
    { file: "d.txt", what: "added on both sides, with other content" },
  ]);
  await expect(run(own, { from: template })).rejects.toMatchObject({ code: "upgrade-unclean", exitCode: 3 });
  rmSync(join(own, "half-done.txt"));
  expect([
    git(own, "rev-parse", "HEAD"),
    git(own, "for-each-ref"),
    git(own, "status", "--porcelain"),
  ]).toEqual(before);

  const open = await run(own, { from: template });
  expect(open).toMatchObject({ outcome: "conflicts", conflicts: seen.conflicts });
  expect(readFileSync(join(own, "a.txt"), "utf8")).toMatch(/<<<<<<< [\s\S]*our one[\s\S]*new one/);
  write(own, { "a.txt": "decided\n", "d.txt": "decided\n" });
  git(own, "rm", "--quiet", "c.txt");
  git(own, "add", "--all");
  git(own, "commit", "--quiet", "--no-edit");
  expect(await run(own, { check: true })).toMatchObject({ outcome: "up-to-date" });
});

it("asks for what it can't know: the template's address, and a base that no commit shows", async () => {
  const { template, own, base } = madeFromTemplate();
  await expect(run(own)).rejects.toMatchObject({ code: "upgrade-source", exitCode: 2 });
  await expect(run(own, { from: join(folder, "nowhere") })).rejects.toMatchObject({ code: "upgrade-source" });
  git(own, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Initial commit");
  write(own, { "b.txt": "changed at once\n" });
  git(own, "commit", "--quiet", "--all", "--amend", "-m", "Initial commit");
  commit(template, "Better", { "c.txt": "better\n" });
  await expect(run(own, { from: template })).rejects.toMatchObject({
    code: "upgrade-base-unknown",
    exitCode: 2,
  });
  expect(await run(own, { from: template, base })).toMatchObject({ outcome: "merged", changed: ["c.txt"] });
});
