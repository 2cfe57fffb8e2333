import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { noPreview } from "../flows/no-preview.ts";
import { type PullRequestEvent, readEvent } from "../github/event.ts";
import { isStartedBy } from "../rehearsal/act/workflow-jobs.ts";
import { readProject } from "../stack/stacks.ts";

const ROOT = dirname(dirname(import.meta.dirname));
const WORKFLOWS = readdirSync(join(ROOT, ".github/workflows")).sort();
const folder = mkdtempSync(join(tmpdir(), "events-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const A = "a".repeat(40);
const B = "b".repeat(40);

/** The workflows that GitHub starts for an event. */
function started(name: string, ref: string, action?: string): string[] {
  return WORKFLOWS.filter((file) =>
    isStartedBy(ROOT, `.github/workflows/${file}`, { name, ref, ...(action ? { action } : {}) }),
  ).map((file) => file.replace(".yml", ""));
}

function event(name: string, payload: unknown, actor = "robin") {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(payload));
  return readEvent({
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: path,
    GITHUB_REPOSITORY: "quayside/quayside",
    GITHUB_SHA: A,
    GITHUB_REF: "refs/pull/7/merge",
    GITHUB_RUN_ID: "1",
    GITHUB_ACTOR: actor,
  });
}

function pull(
  more: { from?: string; author?: string; draft?: boolean; actor?: string } = {},
): PullRequestEvent {
  const { from = "quayside/quayside", author = "robin", draft = false, actor = author } = more;
  const read = event(
    "pull_request",
    {
      action: "opened",
      pull_request: {
        number: 7,
        draft,
        user: { login: author },
        head: { sha: B, ref: "x", repo: { full_name: from } },
        base: { sha: A, ref: "main" },
      },
    },
    actor,
  );
  if (read?.kind !== "pull_request") throw new Error("not a pull request");
  return read;
}

const WITH_IDENTITY = { PULUMI_ORG: "quayside", ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1" };
const WITHOUT = { PULUMI_ORG: "quayside" };

describe("a pull request", () => {
  it.each(["opened", "synchronize", "reopened", "ready_for_review"])(
    "is previewed when it is %s",
    (action) => {
      expect(started("pull_request", "refs/pull/7/merge", action)).toContain("preview");
    },
  );

  it("is checked without credentials", () => {
    expect(started("pull_request", "refs/pull/7/merge", "opened")).toContain("check");
    const Check = z.object({
      jobs: z.object({ check: z.object({ permissions: z.record(z.string(), z.string()) }) }),
    });
    const { jobs } = Check.parse(parse(readFileSync(join(ROOT, ".github/workflows/check.yml"), "utf8")));
    expect(jobs.check.permissions).toEqual({ contents: "read" });
  });

  it("deploys nothing, whatever is done to it", () => {
    for (const action of ["opened", "synchronize", "labeled", "closed"])
      expect(started("pull_request", "refs/pull/7/merge", action)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/deploy|release|rollback/)]),
      );
  });

  it("that is a draft is previewed as any other", () => {
    expect(noPreview(pull({ draft: true }), WITH_IDENTITY)).toBeUndefined();
    expect(readFileSync(join(ROOT, ".github/workflows/preview.yml"), "utf8")).not.toContain("draft");
  });

  it("of a fork has no preview, and says how to get one", () => {
    expect(noPreview(pull({ from: "mallory/quayside" }), WITHOUT)).toMatchObject({
      outcome: "fork",
      text: expect.stringContaining("A maintainer previews it"),
    });
  });

  it("of Renovate is previewed as a person's", () => {
    expect(noPreview(pull({ author: "renovate[bot]" }), WITH_IDENTITY)).toBeUndefined();
  });

  it("of Dependabot is previewed where GitHub gives its run an identity, and else says what to do", () => {
    const bot = pull({ author: "dependabot[bot]" });
    expect(noPreview(bot, WITH_IDENTITY)).toBeUndefined();
    expect(noPreview(bot, WITHOUT)).toMatchObject({ outcome: "no-identity" });
    expect(noPreview(bot, { HCLOUD_TOKEN: "of-the-repository" })).toBeUndefined();
    expect(noPreview(bot, {})).toMatchObject({ outcome: "no-identity" });
    // For a person it would be a workflow that lost its permission: that is an error.
    expect(noPreview(pull(), WITHOUT)).toBeUndefined();
  });
});

describe("a merge queue", () => {
  const group = {
    merge_group: {
      head_sha: B,
      head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${A}`,
      base_sha: A,
      base_ref: "refs/heads/main",
    },
  };

  it("has its commit checked and previewed, and deploys nothing", () => {
    expect(started("merge_group", "refs/heads/gh-readonly-queue/main/pr-7")).toEqual(["check", "preview"]);
  });

  it("is understood: its commit, and the pull request that stands last in it", () => {
    expect(event("merge_group", group)).toMatchObject({
      kind: "merge_group",
      headSha: B,
      baseSha: A,
      baseRef: "main",
      number: 7,
    });
    expect(
      event("merge_group", { merge_group: { ...group.merge_group, head_ref: "refs/heads/odd" } }),
    ).toMatchObject({
      number: undefined,
    });
  });
});

describe("the other events", () => {
  it("main deploys dev, a version tag releases to prod, another branch does nothing", () => {
    const { homes } = readProject(ROOT);
    const deploying = homes.map(({ prefix }) => `deploy-${prefix}dev`);
    expect(started("push", "refs/heads/main").toSorted()).toEqual(["check", ...deploying].toSorted());
    for (const { prefix } of homes)
      expect(started("push", `refs/tags/${prefix}v1.2.0`)).toEqual([`release-${prefix}prod`]);
    expect(started("push", "refs/heads/feature")).toEqual([]);
    expect(started("push", "refs/tags/note")).toEqual([]);
  });

  it("the schedule starts the drift check, which can be started by hand where GitHub has switched schedules off", () => {
    expect(started("schedule", "refs/heads/main")).toEqual(["drift"]);
    expect(started("workflow_dispatch", "refs/heads/main")).toEqual(
      expect.arrayContaining(["drift", "rollback"]),
    );
  });
});
