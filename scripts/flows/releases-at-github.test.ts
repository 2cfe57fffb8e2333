import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { releasesAtGithub } from "./releases-at-github.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "origin-"));
  await execa("git", ["init", "--quiet", folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("Without a token, or without a repository at GitHub, there is nothing to read there", async () => {
  expect(releasesAtGithub(folder, { GITHUB_REPOSITORY: "o/n" })).toBeUndefined();
  expect(releasesAtGithub(folder, { GITHUB_TOKEN: "token" })).toBeUndefined();
  await execa("git", ["remote", "add", "origin", "https://example.com/o/n.git"], { cwd: folder });
  expect(releasesAtGithub(folder, { GITHUB_TOKEN: "token" })).toBeUndefined();
});

test.each(["https://github.com/o/n.git", "git@github.com:o/n.git", "https://github.com/o/n"])(
  "A checkout of %s knows its repository",
  async (url) => {
    await execa("git", ["remote", "set-url", "origin", url], { cwd: folder });
    expect(releasesAtGithub(folder, { GITHUB_TOKEN: "token" })).toBeDefined();
  },
);
