import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect } from "../github/client.ts";
import { setDeploymentStatus } from "../github/deployment.ts";
import { startGithub } from "../rehearsal/clouds/github/start.ts";
import { fileUpdates, githubUpdates } from "./record-stores.ts";
import { thisProcess } from "./this-process.ts";
import type { UpdateRecord } from "./update-record.ts";

const TOKEN = "ghs_token-of-this-test";

let folder: string;
let cloud: Awaited<ReturnType<typeof startGithub>>;
let sha: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "updates-"));
  cloud = await startGithub({ world: folder, token: TOKEN });
  const clone = join(folder, "clone");
  await execa("git", ["init", "--quiet", "--initial-branch", "main", clone]);
  const git = (...args: string[]) =>
    execa("git", ["-c", "user.name=Robin", "-c", "user.email=robin@quayside.example", ...args], {
      cwd: clone,
    });
  await git("commit", "--quiet", "--allow-empty", "--message", "Start");
  await git("push", "--quiet", cloud.gitDir, "main");
  sha = (await git("rev-parse", "HEAD")).stdout;
});
afterEach(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const hub = () => {
  const [owner = "", name = ""] = cloud.repository.split("/");
  return connect(TOKEN, { owner, name }, cloud.url, { sleep: async () => undefined });
};
const record = (): UpdateRecord => ({
  schema: 1,
  kind: "update",
  stack: "dev",
  sha,
  actor: "robin",
  startedAt: "2026-11-20T12:00:00.000Z",
  process: thisProcess(),
});
async function deployments(): Promise<unknown[]> {
  const answer = await fetch(`${cloud.url}/repos/${cloud.repository}/deployments`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  return (await answer.json()) as unknown[];
}

test.each(["GitHub", "a folder"])("An update is open until it is closed: %s", async (where) => {
  const updates = where === "GitHub" ? githubUpdates(hub()) : fileUpdates(join(folder, "updates"));
  const key = await updates.begin(record());
  expect(await updates.open("dev")).toEqual([{ key, record: record(), failed: false }]);
  expect(await updates.open("prod")).toEqual([]);
  await updates.fail(key);
  expect(await updates.open("dev")).toMatchObject([{ key, failed: true }]);
  await updates.close(key);
  expect(await updates.open("dev")).toEqual([]);
});

test("A record that was closed by a pipeline killed before it could delete it is deleted by the next", async () => {
  const updates = githubUpdates(hub());
  const [cut, open] = [await updates.begin(record()), await updates.begin({ ...record(), actor: "noa" })];
  await setDeploymentStatus(hub(), Number(cut), { state: "inactive" });
  expect((await updates.open("dev")).map(({ key }) => key)).toEqual([open]);
  expect(await deployments()).toHaveLength(2);
  await updates.tidy("dev");
  expect(await deployments()).toMatchObject([{ id: Number(open) }]);
});
