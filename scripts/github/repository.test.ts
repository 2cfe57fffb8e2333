import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type TestWorld, TOKEN, testWorld } from "../rehearsal/clouds/github/test-world.ts";
import { findCheck, recordCheck } from "./check.ts";
import { connect, type Github } from "./client.ts";
import { compareCommits, isAncestor } from "./compare.ts";
import {
  createDeployment,
  latestSuccessfulDeployment,
  listDeployments,
  setDeploymentStatus,
} from "./deployment.ts";
import { closeIssue, upsertIssue } from "./issue.ts";
import { pullRequestOfCommit } from "./pulls.ts";
import { publishRelease, readReleaseAsset } from "./release.ts";
import { commitOfBranch, commitOfTag, listTags } from "./tags.ts";

const Manifest = z.object({ release: z.number() });

describe("a repository at GitHub", () => {
  let world: TestWorld;
  let github: Github;
  let main: string;

  beforeAll(async () => {
    world = await testWorld();
    github = connect(TOKEN, { owner: "quayside", name: "quayside" }, world.cloud.url, {
      sleep: async () => {},
    });
    main = world.push("main", { "README.md": "# Quayside\n" });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const loseAnswer = (path: string) =>
    world.admin("POST", "faults", { method: "POST", path, fault: { kind: "drop-after" } });

  describe("checks", () => {
    it("are found by commit and name with what was written", async () => {
      const check = {
        sha: main,
        name: "preview (dev)",
        conclusion: "success" as const,
        title: "2 to create",
        summary: "| step |",
        externalId: "a1b2",
        detailsUrl: "https://github.com/quayside/quayside/actions/runs/1",
      };
      await recordCheck(github, { ...check, conclusion: "failure", externalId: "older" });
      const written = await recordCheck(github, check);
      expect(await findCheck(github, main, "preview (dev)")).toEqual(written);
      expect(written).toMatchObject({ conclusion: "success", externalId: "a1b2", app: "github-actions" });
      expect(await findCheck(github, main, "preview (prod)")).toBeUndefined();
    });

    it("are written once although the answer got lost", async () => {
      await loseAnswer("/check-runs$");
      await recordCheck(github, { sha: main, name: "once", conclusion: "success", title: "t", summary: "s" });
      const { data } = await github.request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
        ...github.at,
        ref: main,
        check_name: "once",
        filter: "all",
      });
      expect(data.total_count).toBe(1);
    });

    it("are not those that another app writes under the same name", async () => {
      const { token } = await world.admin("POST", "apps", { slug: "someone-elses" });
      const other = connect(String(token), github.repository, world.cloud.url);
      const check = { sha: main, name: "theirs", conclusion: "success" as const, title: "t", summary: "s" };
      expect(await recordCheck(other, check)).toMatchObject({ app: "someone-elses" });
      expect(await findCheck(github, main, "theirs")).toBeUndefined();
      const ours = await recordCheck(github, check);
      await recordCheck(other, { ...check, title: "newer" });
      expect(await findCheck(github, main, "theirs")).toEqual(ours);
    });

    it("have their summary cut to GitHub's bytes without breaking a character", async () => {
      const summary = "🚢".repeat(30_000);
      const check = await recordCheck(github, {
        sha: main,
        name: "long",
        conclusion: "neutral",
        title: "t",
        summary,
      });
      expect(check.summary).toMatch(/^(🚢)+\n\n… cut/u);
      expect(Buffer.byteLength(check.summary ?? "")).toBeGreaterThan(65_500);
    });
  });

  describe("deployments", () => {
    const deploy = async (
      release: number,
      state: "success" | "failure",
      environment = "prod",
    ): Promise<number> => {
      const { id } = await createDeployment(github, {
        ref: main,
        environment,
        task: "release",
        payload: { release },
      });
      await setDeploymentStatus(github, id, { state: "in_progress", logUrl: "https://example.com/log" });
      await setDeploymentStatus(github, id, {
        state,
        description: "d".repeat(200),
        environmentUrl: "https://app.example.com",
      });
      return id;
    };

    it("are listed newest first, without those that Actions made itself", async () => {
      const one = await deploy(1, "success");
      await createDeployment(github, { ref: main, environment: "prod", payload: {} });
      const two = await deploy(2, "success");
      const three = await deploy(3, "failure");
      const list = await listDeployments(github, "prod", { limit: 10, payload: Manifest });
      expect(list.map(({ id, payload, state, succeeded }) => ({ id, payload, state, succeeded }))).toEqual([
        { id: three, payload: { release: 3 }, state: "failure", succeeded: false },
        { id: two, payload: { release: 2 }, state: "success", succeeded: true },
        { id: one, payload: { release: 1 }, state: "inactive", succeeded: true },
      ]);
      const limited = await listDeployments(github, "prod", { limit: 1, payload: Manifest, task: "release" });
      expect(limited.map(({ id }) => id)).toEqual([three]);
      expect(await latestSuccessfulDeployment(github, "prod", { payload: Manifest })).toMatchObject({
        id: two,
        sha: main,
      });
      expect(await latestSuccessfulDeployment(github, "dev", { payload: Manifest })).toBeUndefined();
    });

    it("are made once although the answers got lost", async () => {
      await loseAnswer("/deployments$");
      await loseAnswer("/statuses$");
      await deploy(7, "success", "lossy");
      const list = await listDeployments(github, "lossy", { limit: 10, payload: Manifest });
      expect(list.map(({ payload, state }) => ({ payload, state }))).toEqual([
        { payload: { release: 7 }, state: "success" },
      ]);
    });

    it("deploy the very commit, whatever its statuses and however far behind it is", async () => {
      world.push("behind", { "behind.txt": "b\n" });
      const tip = world.push("main", { "on.txt": "o\n" });
      await github.request("POST /repos/{owner}/{repo}/statuses/{sha}", {
        ...github.at,
        sha: tip,
        state: "failure",
      });
      await createDeployment(github, { ref: tip, environment: "dev", payload: { release: 1 } });
      await createDeployment(github, { ref: "behind", environment: "dev", payload: { release: 2 } });
      expect(await listDeployments(github, "dev", { limit: 5, payload: Manifest })).toHaveLength(2);
    });
  });

  describe("pull requests", () => {
    it.each(["merge", "squash", "rebase"] as const)(
      "are found by the commit of a %s",
      async (merge_method) => {
        const before = world.git("ls-remote", "origin", "refs/heads/main").split("\t")[0] ?? "";
        world.git("pull", "--quiet", "origin", "main");
        const head = world.push(`by-${merge_method}`, { [`${merge_method}.txt`]: "x\n" });
        const { data } = await github.request("POST /repos/{owner}/{repo}/pulls", {
          ...github.at,
          title: "Add a thing",
          head: `by-${merge_method}`,
          base: "main",
        });
        expect(await pullRequestOfCommit(github, head)).toMatchObject({ number: data.number, state: "open" });
        await github.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
          ...github.at,
          pull_number: data.number,
          merge_method,
        });
        const tip = (await commitOfBranch(github, "main")) ?? "";
        expect(await pullRequestOfCommit(github, tip)).toMatchObject({
          number: data.number,
          merged: true,
          mergeSha: tip,
          headSha: head,
          isFork: false,
        });
        expect(await pullRequestOfCommit(github, before)).not.toMatchObject({ number: data.number });
      },
    );
  });

  it("says which commit is an ancestor of which", async () => {
    const side = world.push("side", { "side.txt": "s\n" });
    const other = world.push("other", { "other.txt": "o\n" });
    expect(await isAncestor(github, main, side)).toBe(true);
    expect(await isAncestor(github, side, side)).toBe(true);
    expect(await isAncestor(github, side, main)).toBe(false);
    expect(await isAncestor(github, side, other)).toBe(false);
    expect(await compareCommits(github, side, "other")).toMatchObject({
      status: "diverged",
      aheadBy: 1,
      behindBy: 1,
    });
  });

  it("finds the commit of a tag, annotated or not", async () => {
    world.git("tag", "v1.0.0", main);
    world.git("tag", "--annotate", "--message", "second", "v1.1.0", main);
    world.git("push", "--quiet", "origin", "v1.0.0", "v1.1.0");
    expect(await commitOfTag(github, "v1.0.0")).toBe(main);
    expect(await commitOfTag(github, "v1.1.0")).toBe(main);
    expect(await commitOfTag(github, "v9")).toBeUndefined();
    expect(await listTags(github)).toEqual([
      { name: "v1.1.0", sha: main },
      { name: "v1.0.0", sha: main },
    ]);
  });

  describe("the issue about a thing", () => {
    const text = { label: "drift:prod", title: "prod drifted", body: "1 resource" };

    it("is opened once, kept up to date and closed with a word", async () => {
      await loseAnswer("/issues$");
      const opened = await upsertIssue(github, text);
      expect(opened.action).toBe("created");
      expect(await upsertIssue(github, text)).toEqual({ ...opened, action: "unchanged" });
      expect(await upsertIssue(github, { ...text, body: "2 resources" })).toEqual({
        ...opened,
        action: "updated",
      });
      expect(await closeIssue(github, { label: text.label, comment: "It is gone." })).toMatchObject({
        number: opened.number,
      });
      expect(await closeIssue(github, { label: text.label })).toBeUndefined();
      const { data } = await github.request("GET /repos/{owner}/{repo}/issues/{issue_number}", {
        ...github.at,
        issue_number: opened.number,
      });
      expect(data).toMatchObject({
        state: "closed",
        state_reason: "completed",
        comments: 1,
        body: "2 resources",
      });
      expect(await upsertIssue(github, text)).toMatchObject({ action: "created" });
    });

    it("is never one that a person opened", async () => {
      const { token } = await world.admin("POST", "users", { login: "grace" });
      const grace = connect(String(token), github.repository, world.cloud.url);
      const { data } = await grace.request("POST /repos/{owner}/{repo}/issues", {
        ...github.at,
        title: "I see drift",
        labels: ["drift:dev"],
      });
      expect(await closeIssue(github, { label: "drift:dev" })).toBeUndefined();
      expect((await upsertIssue(github, { ...text, label: "drift:dev" })).number).not.toBe(data.number);
    });
  });

  it("publishes a release with its manifest, and the same again after a run that died half-way", async () => {
    const manifest = (release: number): Uint8Array => Buffer.from(JSON.stringify({ release }));
    const asset = { name: "manifest.json", contentType: "application/json", data: manifest(1) };
    const release = { tag: "v3.0.0", sha: main, name: "3.0.0", body: "First" };
    const bare = await publishRelease(github, release);
    expect(await readReleaseAsset(github, "v3.0.0", "manifest.json")).toBeUndefined();
    await loseAnswer("/assets$");
    expect(await publishRelease(github, { ...release, asset })).toEqual(bare);
    expect(await commitOfTag(github, "v3.0.0")).toBe(main);
    expect(Buffer.from((await readReleaseAsset(github, "v3.0.0", "manifest.json")) ?? [])).toEqual(
      manifest(1),
    );
    await publishRelease(github, { ...release, asset: { ...asset, data: manifest(2) } });
    expect(Buffer.from((await readReleaseAsset(github, "v3.0.0", "manifest.json")) ?? [])).toEqual(
      manifest(2),
    );
    expect(await readReleaseAsset(github, "v9.9.9", "manifest.json")).toBeUndefined();
  });
});
