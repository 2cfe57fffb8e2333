import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../github/client.ts";
import { startGithub } from "../rehearsal/clouds/github/start.ts";
import type { ReleaseManifest } from "./manifest.ts";
import {
  currentRelease,
  fileReleases,
  githubReleases,
  latestReleases,
  type ReleaseStore,
  rollbackTarget,
} from "./store.ts";
import { manifest } from "./testing/manifest.ts";

let folder: string;
let store: ReleaseStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "releases-"));
  store = fileReleases(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function keep(...manifests: ReleaseManifest[]): Promise<void> {
  for (const each of manifests) await store.record(each, "https://app-dev.example.com");
}

describe("which release is meant", () => {
  test("A stack without releases has none, and none to go back to", async () => {
    expect(await latestReleases(store, "dev")).toEqual({ current: undefined, last: undefined });
    await expect(rollbackTarget(store, "dev")).rejects.toMatchObject({
      code: "release-unknown",
      exitCode: 2,
    });
  });

  test("A failed release is the last one, but the one before is what the stack runs", async () => {
    await keep(manifest(1), manifest(2), manifest(3, { outcome: "failed" }));
    const { current, last } = await latestReleases(store, "dev");
    expect([current?.id, last?.id]).toEqual(["dev-2-abc", "dev-3-abc"]);
    expect((await currentRelease(store, "dev"))?.id).toBe("dev-2-abc");
  });

  test("A rollback goes to the newest other commit that succeeded", async () => {
    await keep(
      manifest(1),
      manifest(2, { outcome: "failed" }),
      manifest(3),
      manifest(4, { sha: manifest(3).sha }),
    );
    expect((await rollbackTarget(store, "dev")).id).toBe("dev-1-abc");
  });

  test("After a release that failed a rollback goes to the one before it", async () => {
    await keep(manifest(1), manifest(2), manifest(3, { outcome: "failed" }));
    expect((await rollbackTarget(store, "dev")).id).toBe("dev-2-abc");
  });

  test("A commit that brought the stack nothing is not what a rollback goes back from", async () => {
    await keep(manifest(1), manifest(2), manifest(3, { unchanged: true }), manifest(4, { unchanged: true }));
    expect((await rollbackTarget(store, "dev")).id).toBe("dev-1-abc");
  });

  test("A release can be named by its id or by its tag", async () => {
    await keep(manifest(1, { ref: "refs/tags/v1.0.0" }), manifest(2));
    for (const name of ["dev-1-abc", "v1.0.0", "refs/tags/v1.0.0"])
      expect((await rollbackTarget(store, "dev", name)).id).toBe("dev-1-abc");
  });

  test("An unknown or failed release is refused with the names of those that there are", async () => {
    await keep(manifest(1), manifest(2, { outcome: "failed" }), manifest(3));
    await expect(rollbackTarget(store, "dev", "dev-2-abc")).rejects.toMatchObject({
      code: "release-unknown",
      fix: "Releases of dev, newest first: dev-3-abc, dev-1-abc.",
    });
  });
});

describe("releases in files", () => {
  test("They come back whole, newest first, each stack for itself", async () => {
    await keep(manifest(2), manifest(1), manifest(3, { stack: "prod" }));
    expect(await store.list("dev", 10)).toEqual([manifest(2), manifest(1)]);
    expect(await store.list("dev", 1)).toEqual([manifest(2)]);
  });

  test("A file that is no release is named", async () => {
    await keep(manifest(1));
    for (const content of ["{ cut o", '{"schema":1}']) {
      writeFileSync(join(folder, "dev", "2099-broken.json"), content);
      await expect(store.list("dev", 10)).rejects.toMatchObject({
        code: "release-unreadable",
        message: expect.stringContaining("2099-broken.json"),
      });
    }
  });
});

describe("releases at GitHub", () => {
  let github: Awaited<ReturnType<typeof startGithub>>;
  beforeEach(async () => {
    github = await startGithub({ world: folder, token: "ghs_token-of-this-test" });
    const [owner = "", name = ""] = github.repository.split("/");
    store = githubReleases(
      connect("ghs_token-of-this-test", { owner, name }, github.url, { sleep: async () => undefined }),
    );
  });
  afterEach(() => github.close());

  async function commit(): Promise<string> {
    const { execa } = await import("execa");
    const git = (...args: string[]) =>
      execa("git", ["-c", "user.name=Robin", "-c", "user.email=robin@quayside.example", ...args], {
        cwd: join(folder, "clone"),
      });
    await execa("git", ["init", "--quiet", "--initial-branch", "main", join(folder, "clone")]);
    await git("commit", "--quiet", "--allow-empty", "--message", "Start");
    await git("push", "--quiet", github.gitDir, "main");
    return (await git("rev-parse", "HEAD")).stdout;
  }

  test("They come back whole, newest first, and deployments of others are none of them", async () => {
    const sha = await commit();
    await keep(manifest(1, { sha }), manifest(2, { sha, outcome: "failed", kind: "rollback" }));
    await fetch(`${github.url}/repos/${github.repository}/deployments`, {
      method: "POST",
      headers: { authorization: "Bearer ghs_token-of-this-test", "content-type": "application/json" },
      body: JSON.stringify({ ref: sha, environment: "dev", required_contexts: [], auto_merge: false }),
    });
    expect((await store.list("dev", 10)).map(({ id, outcome }) => [id, outcome])).toEqual([
      ["dev-2-abc", "failed"],
      ["dev-1-abc", "succeeded"],
    ]);
    expect(await store.list("prod", 10)).toEqual([]);
  });

  test("A release whose pipeline was killed before it said how it ended is finished by the next", async () => {
    const sha = await commit();
    const deployments = `${github.url}/repos/${github.repository}/deployments`;
    const headers = { authorization: "Bearer ghs_token-of-this-test", "content-type": "application/json" };
    const { id } = (await fetch(deployments, {
      method: "POST",
      headers,
      body: JSON.stringify({
        ref: sha,
        environment: "dev",
        task: "release",
        required_contexts: [],
        auto_merge: false,
        payload: manifest(1, { sha, outcome: "failed" }),
      }),
    }).then((answer) => answer.json())) as { id: number };
    for (let again = 0; again < 2; again++) await store.settle("dev", "https://app-dev.example.com");
    const statuses = await fetch(`${deployments}/${id}/statuses`, { headers });
    expect(await statuses.json()).toMatchObject([
      { state: "failure", environment_url: "https://app-dev.example.com" },
    ]);
  });

  test("A token that GitHub refuses is told as such, and nothing is recorded", async () => {
    const sha = await commit();
    await fetch(`${github.url}/_rehearsal/faults`, {
      method: "POST",
      body: JSON.stringify({ method: "POST", path: "/deployments$", fault: { kind: "status", status: 401 } }),
    });
    await expect(keep(manifest(1, { sha }))).rejects.toMatchObject({ code: "github-unauthorized" });
    expect(await store.list("dev", 10)).toEqual([]);
  });
});
