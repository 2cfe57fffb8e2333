import { type ChildProcess, spawn } from "node:child_process";
import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "octokit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestWorld, TOKEN, testWorld } from "./test-world.ts";

const at = { owner: "quayside", repo: "quayside" };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** The official client with its own retries off, so that a test sees the first answer. */
function client(baseUrl: string, auth: string = TOKEN): Octokit {
  return new Octokit({ baseUrl, auth, log: quiet, retry: { enabled: false }, throttle: { enabled: false } });
}

async function refusal(call: Promise<unknown>): Promise<{
  status: number;
  data: Record<string, unknown>;
  headers: Record<string, string | undefined>;
}> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const known = error as {
    status: number;
    response?: { data: Record<string, unknown>; headers: Record<string, string> };
  };
  if (!known?.response) throw new Error(`not refused: ${error}`);
  return { status: known.status, data: known.response.data, headers: known.response.headers };
}

describe("the GitHub cloud", () => {
  let world: TestWorld;
  let octokit: Octokit;
  let main: string;

  beforeAll(async () => {
    world = await testWorld();
    octokit = client(world.cloud.url);
    main = world.push("main", {
      "README.md": "# Quayside\n",
      ".github/workflows/rollback.yml": "name: rollback\non: workflow_dispatch\n",
      ".github/workflows/check.yml": "name: check\non: push\n",
    });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const issue = async (title = "a place to talk"): Promise<number> =>
    (await octokit.rest.issues.create({ ...at, title })).data.number;
  const person = async (login: string, role = "write"): Promise<Octokit> => {
    const { token } = await world.admin("POST", "users", { login, role });
    return client(world.cloud.url, String(token));
  };

  describe("who may do what", () => {
    it("answers a wrong token with 401 Bad credentials", async () => {
      const { status, data } = await refusal(client(world.cloud.url, "wrong").rest.repos.get(at));
      expect(status).toBe(401);
      expect(data).toMatchObject({ message: "Bad credentials", status: "401" });
    });

    it("names what is missing in GitHub's words when the token has no permission", async () => {
      const number = await issue();
      const { token } = await world.admin("POST", "jobs", {
        permissions: { contents: "read", issues: "read" },
      });
      const narrow = client(world.cloud.url, String(token));
      const { status, data, headers } = await refusal(
        narrow.rest.issues.createComment({ ...at, issue_number: number, body: "hello" }),
      );
      expect(status).toBe(403);
      expect(data.message).toBe("Resource not accessible by integration");
      expect(headers["x-accepted-github-permissions"]).toBe("issues=write; pull_requests=write");
      expect((await narrow.rest.issues.get({ ...at, issue_number: number })).status).toBe(200);
    });

    it("takes rights away from the workflow token and gives them back by an admin call", async () => {
      await world.admin("PUT", "permissions", { permissions: "read-all" });
      expect((await refusal(octokit.rest.issues.create({ ...at, title: "x" }))).status).toBe(403);
      await world.admin("PUT", "permissions", { permissions: "write-all" });
      expect(await issue()).toBeGreaterThan(0);
    });

    it("answers an unknown thing with a 404 that has message, documentation and status", async () => {
      const { status, data } = await refusal(octokit.rest.issues.get({ ...at, issue_number: 99_999 }));
      expect(status).toBe(404);
      expect(data).toEqual({
        message: "Not Found",
        documentation_url: expect.stringContaining("https://docs.github.com/rest"),
        status: "404",
      });
    });

    it("has no user behind the workflow token in REST but in GraphQL", async () => {
      expect((await refusal(octokit.rest.users.getAuthenticated())).status).toBe(403);
      expect(await octokit.graphql("{ viewer { login } }")).toEqual({
        viewer: { login: "github-actions[bot]" },
      });
      const grace = await person("grace");
      expect((await grace.rest.users.getAuthenticated()).data.login).toBe("grace");
    });

    it("tells a collaborator's permission", async () => {
      await person("linus", "maintain");
      const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({ ...at, username: "linus" });
      expect(data).toMatchObject({ permission: "write", role_name: "maintain" });
    });
  });

  describe("issues and comments", () => {
    it("pages through more than thirty comments by Link headers", async () => {
      const issue_number = await issue();
      for (let n = 1; n <= 65; n++)
        await octokit.rest.issues.createComment({ ...at, issue_number, body: `no ${n}` });
      const first = await octokit.rest.issues.listComments({ ...at, issue_number });
      expect(first.data).toHaveLength(30);
      expect(first.headers.link).toMatch(/[?&]page=2>; rel="next", <.*[?&]page=3>; rel="last"$/);
      const last = await octokit.rest.issues.listComments({ ...at, issue_number, page: 3 });
      expect(last.data.map(({ body }) => body)).toEqual(["no 61", "no 62", "no 63", "no 64", "no 65"]);
      expect(last.headers.link).toMatch(/page=2>; rel="prev", <.*page=1>; rel="first"$/);
      const all = await octokit.paginate(octokit.rest.issues.listComments, {
        ...at,
        issue_number,
        per_page: 20,
      });
      expect(all.map(({ body }) => body)).toEqual(Array.from({ length: 65 }, (_, n) => `no ${n + 1}`));
    });

    it("takes a comment of 65,536 characters and refuses one more", async () => {
      const issue_number = await issue();
      const longest = `${"é".repeat(65_535)}🚢`;
      const { data: comment } = await octokit.rest.issues.createComment({
        ...at,
        issue_number,
        body: longest,
      });
      expect(comment.body).toBe(longest);
      const { status, data } = await refusal(
        octokit.rest.issues.updateComment({ ...at, comment_id: comment.id, body: `${longest}.` }),
      );
      expect(status).toBe(422);
      expect(data).toMatchObject({
        message: "Validation Failed",
        errors: [
          {
            resource: "IssueComment",
            code: "unprocessable",
            field: "data",
            message: "Body is too long (maximum is 65536 characters)",
          },
        ],
      });
    });

    it("signs comments with the bot or with the person whose token it was", async () => {
      const issue_number = await issue();
      const body = "signed";
      const ours = await octokit.rest.issues.createComment({ ...at, issue_number, body });
      const hers = await (await person("grace")).rest.issues.createComment({ ...at, issue_number, body });
      expect(ours.data.user).toMatchObject({ login: "github-actions[bot]", type: "Bot" });
      expect(hers.data.user).toMatchObject({ login: "grace", type: "User" });
      expect(ours.data.html_url).toBe(
        `https://github.com/quayside/quayside/issues/${issue_number}#issuecomment-${ours.data.id}`,
      );
    });

    it("lists issues by label and state", async () => {
      const drift = await octokit.rest.issues.create({
        ...at,
        title: "prod drifted",
        labels: ["drift", "prod"],
      });
      const done = await octokit.rest.issues.create({ ...at, title: "dev drifted", labels: ["drift"] });
      await octokit.rest.issues.update({ ...at, issue_number: done.data.number, state: "closed" });
      const numbers = async (filter: { labels: string; state?: "all" }): Promise<number[]> =>
        (await octokit.rest.issues.listForRepo({ ...at, ...filter })).data.map(({ number }) => number);
      expect(await numbers({ labels: "drift" })).toEqual([drift.data.number]);
      expect(await numbers({ labels: "drift", state: "all" })).toEqual([done.data.number, drift.data.number]);
      expect(await numbers({ labels: "drift,prod", state: "all" })).toEqual([drift.data.number]);
    });

    it("keeps labels of issues and of the repository", async () => {
      const issue_number = await issue();
      await octokit.rest.issues.createLabel({ ...at, name: "deploy:full", color: "00ff00" });
      const twin = await refusal(
        octokit.rest.issues.createLabel({ ...at, name: "Deploy:Full", color: "00ff00" }),
      );
      expect(twin.data.errors).toEqual([{ resource: "Label", code: "already_exists", field: "name" }]);
      await octokit.rest.issues.addLabels({ ...at, issue_number, labels: ["deploy:full", "new one"] });
      await octokit.rest.issues.removeLabel({ ...at, issue_number, name: "new one" });
      const { data } = await octokit.rest.issues.listLabelsOnIssue({ ...at, issue_number });
      expect(data).toMatchObject([{ name: "deploy:full", color: "00ff00" }]);
    });

    it("hides a comment by GraphQL", async () => {
      const issue_number = await issue();
      const { data } = await octokit.rest.issues.createComment({ ...at, issue_number, body: "old" });
      const answer = await octokit.graphql(
        "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized minimizedReason } } }",
        { id: data.node_id },
      );
      expect(answer).toEqual({
        minimizeComment: { minimizedComment: { isMinimized: true, minimizedReason: "outdated" } },
      });
    });

    it("says which field is missing", async () => {
      const { status, data } = await refusal(
        octokit.request("POST /repos/{owner}/{repo}/issues", { ...at, title: undefined as never }),
      );
      expect(status).toBe(422);
      expect(data.message).toBe(`Invalid request.\n\n"title" wasn't supplied.`);
    });
  });

  describe("pull requests", () => {
    const pull = async (branch: string, files: Record<string, string>, by = octokit) => {
      world.git("pull", "--quiet", "origin", "main");
      const sha = world.push(branch, files);
      const { data } = await by.rest.pulls.create({
        ...at,
        title: `Add ${branch}`,
        head: branch,
        base: "main",
      });
      return { number: data.number, sha, data };
    };

    for (const merge_method of ["merge", "squash", "rebase"] as const)
      it(`finds the pull request of a commit that a ${merge_method} made`, async () => {
        const before = (await octokit.rest.repos.getBranch({ ...at, branch: "main" })).data.commit.sha;
        const { number, sha } = await pull(`by-${merge_method}`, { [`${merge_method}.txt`]: "1\n" });
        const { data } = await octokit.rest.pulls.merge({ ...at, pull_number: number, merge_method });
        const tip = (await octokit.rest.repos.getBranch({ ...at, branch: "main" })).data.commit;
        expect(tip.sha).toBe(data.sha);
        expect(tip.parents.map((parent) => parent.sha)).toEqual(
          merge_method === "merge" ? [before, sha] : [before],
        );
        for (const commit_sha of [tip.sha, sha]) {
          const found = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha });
          expect(found.data.map((each) => each.number)).toEqual([number]);
          expect(found.data[0]).toMatchObject({ state: "closed", merge_commit_sha: tip.sha, head: { sha } });
        }
      });

    it("rebases onto a base that moved, and says 405 for a conflict", async () => {
      const one = await pull("left", { "shared.txt": "left\n" });
      const two = await pull("right", { "shared.txt": "right\n" });
      const three = await pull("apart", { "apart.txt": "apart\n" });
      await octokit.rest.pulls.merge({ ...at, pull_number: one.number });
      expect((await octokit.rest.pulls.get({ ...at, pull_number: two.number })).data.mergeable).toBe(false);
      expect((await refusal(octokit.rest.pulls.merge({ ...at, pull_number: two.number }))).status).toBe(405);
      await octokit.rest.pulls.merge({ ...at, pull_number: three.number, merge_method: "rebase" });
      const { data } = await octokit.rest.repos.getContent({ ...at, path: "apart.txt" });
      expect(data).toMatchObject({ type: "file", encoding: "base64", content: "YXBhcnQK\n" });
      await octokit.rest.pulls.update({ ...at, pull_number: two.number, state: "closed" });
    });

    it("follows pushes to its branch and shows files, commits and the test merge", async () => {
      const { number } = await pull("grows", { "a.txt": "a\n" });
      const head = world.push("grows", { "a.txt": "a\nb\n", "sub/c.txt": "c\n" });
      const { data } = await octokit.rest.pulls.get({ ...at, pull_number: number });
      expect(data).toMatchObject({ head: { sha: head }, mergeable: true, changed_files: 2, additions: 3 });
      expect(world.git("ls-remote", "origin", `refs/pull/${number}/*`)).toContain(
        `${data.merge_commit_sha}\trefs/pull/${number}/merge`,
      );
      const files = await octokit.rest.pulls.listFiles({ ...at, pull_number: number });
      expect(files.data.map(({ filename, status, patch }) => ({ filename, status, patch }))).toEqual([
        { filename: "a.txt", status: "added", patch: "@@ -0,0 +1,2 @@\n+a\n+b" },
        { filename: "sub/c.txt", status: "added", patch: "@@ -0,0 +1 @@\n+c" },
      ]);
      const commits = await octokit.rest.pulls.listCommits({ ...at, pull_number: number });
      expect(commits.data.at(-1)?.sha).toBe(head);
    });

    it("is merged when its head lands on the base by a push", async () => {
      const { number, sha } = await pull("fast", { "fast.txt": "f\n" });
      world.git("push", "--quiet", "origin", `${sha}:main`);
      const { data } = await octokit.rest.pulls.get({ ...at, pull_number: number });
      expect(data).toMatchObject({ merged: true, state: "closed", merge_commit_sha: sha });
    });

    it("refuses a merge when the head is not the one that was reviewed", async () => {
      const { number } = await pull("stale", { "stale.txt": "s\n" });
      const { status } = await refusal(octokit.rest.pulls.merge({ ...at, pull_number: number, sha: main }));
      expect(status).toBe(409);
    });

    it("refuses a second pull request of a branch and one without commits", async () => {
      await pull("twice", { "twice.txt": "t\n" });
      const twin = await refusal(
        octokit.rest.pulls.create({ ...at, title: "x", head: "twice", base: "main" }),
      );
      expect(twin.data.errors).toMatchObject([
        { message: "A pull request already exists for quayside:twice." },
      ]);
      world.git("push", "--quiet", "origin", "origin/main:refs/heads/empty");
      const empty = await refusal(
        octokit.rest.pulls.create({ ...at, title: "x", head: "empty", base: "main" }),
      );
      expect(empty.data.errors).toMatchObject([{ message: "No commits between main and empty" }]);
    });

    it("lets another person review, but not the author", async () => {
      const ada = await person("ada");
      const { number } = await pull("reviewed", { "reviewed.txt": "r\n" }, ada);
      const approve = { ...at, pull_number: number, event: "APPROVE" as const };
      expect((await refusal(ada.rest.pulls.createReview(approve))).status).toBe(422);
      await (await person("grace")).rest.pulls.createReview(approve);
      const { data } = await octokit.rest.pulls.listReviews({ ...at, pull_number: number });
      expect(data).toMatchObject([{ state: "APPROVED", user: { login: "grace" } }]);
    });

    it("takes a pull request from a fork", async () => {
      const mallory = await person("mallory", "read");
      await mallory.rest.repos.createFork(at);
      world.git(
        "push",
        "--quiet",
        join(world.folder, "github/mallory/quayside.git"),
        `${world.push("theirs", { "theirs.txt": "t\n" })}:refs/heads/gift`,
      );
      const { data } = await mallory.rest.pulls.create({
        ...at,
        title: "gift",
        head: "mallory:gift",
        base: "main",
      });
      expect(data.head.repo).toMatchObject({ full_name: "mallory/quayside", fork: true });
      expect(data).toMatchObject({ head: { label: "mallory:gift" }, base: { label: "quayside:main" } });
      expect(data.changed_files).toBe(1);
    });
  });

  describe("git data", () => {
    it("compares commits", async () => {
      const side = world.push("side", { "side.txt": "s\n" });
      const tip = world.git("rev-parse", "main");
      const compare = async (basehead: string) =>
        (await octokit.rest.repos.compareCommitsWithBasehead({ ...at, basehead })).data;
      expect(await compare(`${tip}...side`)).toMatchObject({ status: "ahead", ahead_by: 1, behind_by: 0 });
      expect(await compare(`${side}...${tip}`)).toMatchObject({
        status: "behind",
        ahead_by: 0,
        behind_by: 1,
      });
      expect(await compare(`${tip}...${tip}`)).toMatchObject({ status: "identical" });
      expect(
        (await refusal(octokit.rest.repos.compareCommitsWithBasehead({ ...at, basehead: "main...nope" })))
          .status,
      ).toBe(404);
    });

    it("makes, reads, moves and removes references and annotated tags", async () => {
      const tag = await octokit.rest.git.createTag({
        ...at,
        tag: "v1.0.0",
        message: "first",
        object: main,
        type: "commit",
      });
      await octokit.rest.git.createRef({ ...at, ref: "refs/tags/v1.0.0", sha: tag.data.sha });
      const ref = await octokit.rest.git.getRef({ ...at, ref: "tags/v1.0.0" });
      expect(ref.data.object).toMatchObject({ type: "tag", sha: tag.data.sha });
      expect((await octokit.rest.git.getTag({ ...at, tag_sha: tag.data.sha })).data).toMatchObject({
        tag: "v1.0.0",
        message: "first",
        object: { sha: main, type: "commit" },
      });
      expect((await octokit.rest.repos.listTags(at)).data).toMatchObject([
        { name: "v1.0.0", commit: { sha: main } },
      ]);
      const twice = await refusal(octokit.rest.git.createRef({ ...at, ref: "refs/tags/v1.0.0", sha: main }));
      expect(twice.data.message).toBe("Reference already exists");
      await octokit.rest.git.deleteRef({ ...at, ref: "tags/v1.0.0" });
      expect((await refusal(octokit.rest.git.getRef({ ...at, ref: "tags/v1.0.0" }))).status).toBe(404);
    });

    it("writes a file on a branch whose name has a slash", async () => {
      await octokit.rest.git.createRef({ ...at, ref: "refs/heads/edit/readme", sha: main });
      const { data: old } = await octokit.rest.repos.getContent({
        ...at,
        path: "README.md",
        ref: "edit/readme",
      });
      const sha = Array.isArray(old) ? "" : old.sha;
      const { data } = await octokit.rest.repos.createOrUpdateFileContents({
        ...at,
        path: "README.md",
        branch: "edit/readme",
        message: "Say more",
        content: Buffer.from("# More\n").toString("base64"),
        sha,
      });
      expect(data.commit).toMatchObject({ message: "Say more", parents: [{ sha: main }] });
      const branch = await octokit.rest.repos.getBranch({ ...at, branch: "edit/readme" });
      expect(branch.data.commit.commit.message).toBe("Say more");
      const commit = await octokit.rest.repos.getCommit({ ...at, ref: "edit/readme" });
      expect(commit.data.files).toMatchObject([{ filename: "README.md", status: "modified", changes: 2 }]);
    });
  });

  describe("checks, statuses and deployments", () => {
    it("keeps the latest check run of a name and refuses a summary of too many bytes", async () => {
      const run = { ...at, name: "plan", head_sha: main };
      const first = await octokit.rest.checks.create({ ...run, status: "in_progress" });
      await octokit.rest.checks.update({ ...at, check_run_id: first.data.id, conclusion: "failure" });
      const second = await octokit.rest.checks.create({ ...run, conclusion: "success", external_id: "7" });
      const { data } = await octokit.rest.checks.listForRef({ ...at, ref: main, check_name: "plan" });
      expect(data).toMatchObject({ total_count: 1, check_runs: [{ id: second.data.id, external_id: "7" }] });
      const all = await octokit.rest.checks.listForRef({
        ...at,
        ref: main,
        check_name: "plan",
        filter: "all",
      });
      expect(all.data.check_runs.map(({ conclusion }) => conclusion)).toEqual(["success", "failure"]);
      const output = { title: "t", summary: "🚢".repeat(20_000) };
      const { data: refused } = await refusal(octokit.rest.checks.create({ ...run, output }));
      expect(refused.errors).toMatchObject([{ message: "summary exceeds a maximum bytesize of 65535" }]);
      const grace = await person("grace");
      expect((await refusal(grace.rest.checks.create(run))).data.message).toBe(
        "You must authenticate via a GitHub App.",
      );
    });

    it("deactivates the earlier deployment of an environment", async () => {
      const deploy = async (payload: object): Promise<number> => {
        const { data } = await octokit.rest.repos.createDeployment({
          ...at,
          ref: main,
          environment: "dev",
          auto_merge: false,
          required_contexts: [],
          payload: { ...payload },
        });
        if (!("id" in data)) throw new Error("merged instead");
        await octokit.rest.repos.createDeploymentStatus({
          ...at,
          deployment_id: data.id,
          state: "success",
          environment_url: "https://app-dev.example.com",
          log_url: "https://github.com/quayside/quayside/actions/runs/1",
        });
        return data.id;
      };
      const one = await deploy({ release: 1 });
      const two = await deploy({ release: 2 });
      const list = await octokit.rest.repos.listDeployments({ ...at, environment: "dev" });
      expect(list.data.map(({ id, payload }) => ({ id, payload }))).toEqual([
        { id: two, payload: { release: 2 } },
        { id: one, payload: { release: 1 } },
      ]);
      const states = async (deployment_id: number): Promise<string[]> =>
        (await octokit.rest.repos.listDeploymentStatuses({ ...at, deployment_id })).data.map(
          ({ state }) => state,
        );
      expect(await states(one)).toEqual(["inactive", "success"]);
      expect(await states(two)).toEqual(["success"]);
      expect((await octokit.rest.repos.getEnvironment({ ...at, environment_name: "dev" })).data.name).toBe(
        "dev",
      );
    });

    it("refuses a deployment whose commit statuses failed, unless none are required", async () => {
      const sha = world.push("red", { "red.txt": "r\n" });
      await octokit.rest.repos.createCommitStatus({ ...at, sha, state: "failure", context: "check" });
      const deploy = { ...at, ref: sha, environment: "dev", auto_merge: false };
      expect((await refusal(octokit.rest.repos.createDeployment(deploy))).status).toBe(409);
      expect((await octokit.rest.repos.createDeployment({ ...deploy, required_contexts: [] })).status).toBe(
        201,
      );
    });
  });

  describe("releases and actions", () => {
    it("publishes a release with an asset and gives its bytes back", async () => {
      const { data: release } = await octokit.rest.repos.createRelease({
        ...at,
        tag_name: "v2.0.0",
        target_commitish: main,
      });
      const bytes = Buffer.from([0, 1, 2, 255]);
      const upload = { name: "manifest.bin", label: "the manifest", data: bytes as unknown as string };
      const { data: asset } = await octokit.request({
        method: "POST",
        url: release.upload_url,
        headers: { "content-type": "application/x-manifest" },
        ...upload,
      });
      expect(asset).toMatchObject({ name: "manifest.bin", size: 4, content_type: "application/x-manifest" });
      const back = await octokit.rest.repos.getReleaseAsset({
        ...at,
        asset_id: asset.id,
        headers: { accept: "application/octet-stream" },
      });
      expect(Buffer.from(back.data as unknown as ArrayBuffer)).toEqual(bytes);
      const again = await octokit.rest.repos.getReleaseByTag({ ...at, tag: "v2.0.0" });
      expect(again.data.assets.map(({ name }) => name)).toEqual(["manifest.bin"]);
      expect((await octokit.rest.git.getRef({ ...at, ref: "tags/v2.0.0" })).data.object.sha).toBe(main);
      const twin = await refusal(octokit.rest.repos.createRelease({ ...at, tag_name: "v2.0.0" }));
      expect(twin.data.errors).toEqual([{ resource: "Release", code: "already_exists", field: "tag_name" }]);
    });

    it("runs a workflow by dispatch only if it has that trigger", async () => {
      const dispatch = (workflow_id: string) =>
        octokit.rest.actions.createWorkflowDispatch({
          ...at,
          workflow_id,
          ref: "main",
          inputs: { stack: "dev" },
        });
      await dispatch("rollback.yml");
      expect((await refusal(dispatch("check.yml"))).status).toBe(422);
      expect((await refusal(dispatch("none.yml"))).status).toBe(404);
      const { data } = await octokit.rest.actions.listWorkflowRuns({ ...at, workflow_id: "rollback.yml" });
      expect(data.workflow_runs).toMatchObject([
        { event: "workflow_dispatch", status: "queued", name: "rollback" },
      ]);
    });

    it("starts a run with a job, keeps its artifacts, and ends its token with it", async () => {
      const job = await world.admin("POST", "jobs", { claims: { event_name: "push" } });
      const run_id = Number(job.runId);
      const files = { "plan.json": Buffer.from('{"plan":1}').toString("base64") };
      const artifact = await world.admin("POST", "artifacts", { name: "plan-dev", runId: run_id, files });
      const { data } = await octokit.rest.actions.listArtifactsForRepo({ ...at, name: "plan-dev" });
      expect(data.artifacts).toMatchObject([{ id: artifact.id, workflow_run: { id: run_id } }]);
      const archive = await octokit.rest.actions.downloadArtifact({
        ...at,
        artifact_id: Number(artifact.id),
        archive_format: "zip",
      });
      expect(
        Buffer.from(archive.data as ArrayBuffer)
          .subarray(0, 4)
          .toString("latin1"),
      ).toBe("PK\x03\x04");
      const own = client(world.cloud.url, String(job.token));
      expect((await own.rest.actions.getWorkflowRun({ ...at, run_id })).data.status).toBe("in_progress");
      await world.admin("PATCH", `runs/${run_id}`, { conclusion: "success" });
      expect((await refusal(own.rest.actions.getWorkflowRun({ ...at, run_id }))).status).toBe(401);
      expect((await octokit.rest.actions.getWorkflowRun({ ...at, run_id })).data.conclusion).toBe("success");
    });
  });

  describe("identity tokens", () => {
    const ask = async (job: Record<string, unknown>, audience: string): Promise<string> => {
      const response = await fetch(`${job.idTokenRequestUrl}&audience=${encodeURIComponent(audience)}`, {
        headers: { authorization: `Bearer ${job.idTokenRequestToken}` },
      });
      return ((await response.json()) as { value: string }).value;
    };

    it("are signed by the key that the issuer publishes, and say where the job ran", async () => {
      const job = await world.admin("POST", "jobs", {
        claims: { environment: "prod", ref: "refs/tags/v2.0.0", event_name: "push", actor: "grace" },
      });
      const jwt = await ask(job, "urn:pulumi:org:quayside");
      const [header = "", payload = "", signature = ""] = jwt.split(".");
      const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
      const jwks = (await (await fetch(`${world.cloud.url}/.well-known/jwks`)).json()) as {
        keys: (JsonWebKey & { kid: string })[];
      };
      const key = jwks.keys.find((each) => each.kid === kid);
      if (!key) throw new Error("no key of that id");
      const good = verify(
        "RSA-SHA256",
        Buffer.from(`${header}.${payload}`),
        createPublicKey({ key, format: "jwk" }),
        Buffer.from(signature, "base64url"),
      );
      expect(good).toBe(true);
      expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
        iss: "https://token.actions.githubusercontent.com",
        aud: "urn:pulumi:org:quayside",
        sub: "repo:quayside/quayside:environment:prod",
        environment: "prod",
        ref: "refs/tags/v2.0.0",
        repository: "quayside/quayside",
        actor: "grace",
        run_id: String(job.runId),
        event_name: "push",
      });
      expect((await world.cloud.verifyOidc(jwt)).sub).toBe("repo:quayside/quayside:environment:prod");
    });

    it("have a subject by the job's event", async () => {
      const subject = async (claims: Record<string, string>): Promise<string> =>
        (await world.cloud.verifyOidc(await ask(await world.admin("POST", "jobs", { claims }), "a"))).sub;
      expect(await subject({})).toBe("repo:quayside/quayside:ref:refs/heads/main");
      expect(await subject({ event_name: "pull_request", ref: "refs/pull/1/merge" })).toBe(
        "repo:quayside/quayside:pull_request",
      );
    });

    it("are refused to a stranger, and when a byte was changed", async () => {
      const job = await world.admin("POST", "jobs", {});
      const response = await fetch(`${job.idTokenRequestUrl}&audience=a`, {
        headers: { authorization: "Bearer guess" },
      });
      expect(response.status).toBe(401);
      const [header, , signature] = (await ask(job, "a")).split(".");
      const forged = Buffer.from(JSON.stringify({ sub: "repo:quayside/quayside:environment:prod" })).toString(
        "base64url",
      );
      await expect(world.cloud.verifyOidc(`${header}.${forged}.${signature}`)).rejects.toThrow("signature");
    });

    it("can't be asked for by a job without the permission", async () => {
      const job = await world.admin("POST", "jobs", { permissions: { contents: "read" } });
      expect(job.idTokenRequestUrl).toBeUndefined();
    });
  });
});

describe("the limits of the GitHub cloud", () => {
  it("stops writes at the secondary limit and says when to come back", async () => {
    await using world = await testWorld({ rateLimit: { contentPerMinute: 2 } });
    const octokit = client(world.cloud.url);
    for (const title of ["one", "two"]) await octokit.rest.issues.create({ ...at, title });
    const { status, data, headers } = await refusal(octokit.rest.issues.create({ ...at, title: "three" }));
    expect(status).toBe(403);
    expect(data.message).toMatch(/^You have exceeded a secondary rate limit/);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect((await octokit.rest.issues.listForRepo(at)).data).toHaveLength(2);
  });

  it("counts requests down to the primary limit, where an unchanged answer costs nothing", async () => {
    let time = Date.parse("2026-01-01T00:00:00Z");
    await using world = await testWorld({ rateLimit: { limit: 3 }, now: () => new Date(time) });
    const octokit = client(world.cloud.url);
    const first = await octokit.rest.repos.get(at);
    expect(first.headers["x-ratelimit-remaining"]).toBe("2");
    const same = await refusal(
      octokit.rest.repos.get({ ...at, headers: { "if-none-match": first.headers.etag } }),
    );
    expect(same.status).toBe(304);
    await octokit.rest.repos.get(at);
    await octokit.rest.repos.get(at);
    const { status, data, headers } = await refusal(octokit.rest.repos.get(at));
    expect(status).toBe(403);
    expect(data.message).toMatch(/^API rate limit exceeded/);
    expect(headers).toMatchObject({
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(time / 1000 + 3600),
    });
    time += 3_600_000;
    expect((await octokit.rest.repos.get(at)).status).toBe(200);
  });

  it("does the work and cuts the connection when it is asked to", async () => {
    await using world = await testWorld();
    const octokit = client(world.cloud.url);
    await world.admin("POST", "faults", { method: "POST", path: "/issues$", fault: { kind: "drop-after" } });
    await expect(octokit.rest.issues.create({ ...at, title: "lost answer" })).rejects.toThrow();
    expect((await octokit.rest.issues.listForRepo(at)).data.map(({ title }) => title)).toEqual([
      "lost answer",
    ]);
  });
});

describe("a GitHub cloud that is killed", () => {
  it("has everything that it answered for when it is back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "github-killed-"));
    const script = `
      import { startGithub } from ${JSON.stringify(new URL("./start.ts", import.meta.url).href)};
      const cloud = await startGithub({ world: ${JSON.stringify(folder)}, token: ${JSON.stringify(TOKEN)} });
      console.log(JSON.stringify({ url: cloud.url, gitDir: cloud.gitDir }));`;
    const start = async (): Promise<{ child: ChildProcess; url: string }> => {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
      return { child, url: JSON.parse(String(line)).url };
    };
    const kill = async (child: ChildProcess): Promise<void> => {
      child.kill("SIGKILL");
      await once(child, "exit");
    };

    const first = await start();
    const octokit = client(first.url);
    const content = Buffer.from("hello\n").toString("base64");
    const { data: file } = await octokit.rest.repos.createOrUpdateFileContents({
      ...at,
      path: "a",
      message: "m",
      content,
    });
    const { data: issue } = await octokit.rest.issues.create({ ...at, title: "stays" });
    const { data: comment } = await octokit.rest.issues.createComment({
      ...at,
      issue_number: issue.number,
      body: "me too",
    });
    const keys = await (await fetch(`${first.url}/.well-known/jwks`)).json();
    await kill(first.child);

    const second = await start();
    const again = client(second.url);
    expect((await again.rest.issues.getComment({ ...at, comment_id: comment.id })).data.body).toBe("me too");
    expect((await again.rest.repos.getBranch({ ...at, branch: "main" })).data.commit.sha).toBe(
      file.commit.sha,
    );
    expect((await again.rest.issues.create({ ...at, title: "next" })).data.number).toBe(issue.number + 1);
    expect(await (await fetch(`${second.url}/.well-known/jwks`)).json()).toEqual(keys);
    await kill(second.child);
    rmSync(folder, { recursive: true, force: true });
  });
});
