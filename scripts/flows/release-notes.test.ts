import { expect, test } from "vitest";
import type { PullRequest } from "../github/pulls.ts";
import { manifest } from "../release/testing/manifest.ts";
import { renderReleaseNotes } from "./release-notes.ts";

const pull = (number: number, title: string, author = "robin"): PullRequest => ({
  number,
  title,
  author,
  url: "",
  state: "closed",
  merged: true,
  mergeSha: undefined,
  isDraft: false,
  isFork: false,
  labels: [],
  headSha: "",
  headRef: "",
  baseSha: "",
  baseRef: "main",
});
const release = manifest(2, {
  stack: "prod",
  id: "prod-v1.1.0",
  ref: "refs/tags/v1.1.0",
  runUrl: "https://github.com/o/n/actions/runs/7",
});
const before = manifest(1, {
  stack: "prod",
  id: "prod-v1.0.0",
  ref: "refs/tags/v1.0.0",
  image: release.image,
});
const notes = (changes: object = {}) =>
  renderReleaseNotes({
    tag: "v1.1.0",
    manifest: release,
    previous: before,
    pulls: [pull(8, "Give dev a second server"), pull(7, "Thank @everybody for <img src=x> #1", "kim")],
    repositoryUrl: "https://github.com/o/n",
    ...changes,
  });

test("The notes name what was merged, what runs and what of it is new, and how to go back", () => {
  const text = notes();
  expect(text).toContain("- Give dev a second server (#8 by `robin`)");
  expect(text).toContain("https://github.com/o/n/compare/000000000000...v1.1.0");
  expect(text).toContain("| Worker `intake` | `version-2` (changed) |");
  expect(text).toMatch(/\| app \| `[^`]+` \|/);
  expect(text).toContain("gh workflow run rollback.yml -f stack=prod -f release=prod-v1.0.0");
});

test("A title pings nobody, links nothing and brings no HTML", () => {
  const line = notes()
    .split("\n")
    .find((each) => each.includes("#7 by"));
  expect(line).not.toMatch(/@everybody|<img|\s#1/);
});

test("A first release has nothing to compare with and nothing to go back to", () => {
  const text = notes({ previous: undefined, pulls: [] });
  expect(text).toContain("Nothing was merged by pull request");
  expect(text).not.toMatch(/compare|rollback/);
});
