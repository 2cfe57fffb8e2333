import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.ts";
import { readEvent } from "./event.ts";

const folder = mkdtempSync(join(tmpdir(), "event-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const A = "a".repeat(40);
const B = "b".repeat(40);
let files = 0;

function env(name: string, file: unknown, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, JSON.stringify(file));
  return {
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: path,
    GITHUB_REPOSITORY: "quayside/quayside",
    GITHUB_SHA: A,
    GITHUB_REF: "refs/heads/main",
    GITHUB_RUN_ID: "17",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_ACTOR: "grace",
    GITHUB_API_URL: "http://127.0.0.1:1/",
    ...more,
  };
}

function refused(env: NodeJS.ProcessEnv): UserError {
  try {
    readEvent(env);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

const pull = (headRepository: string | null) => ({
  action: "synchronize",
  number: 12,
  pull_request: {
    number: 12,
    title: "Add a queue",
    draft: true,
    user: { login: "ada" },
    labels: [{ name: "deploy:full" }],
    head: { sha: B, ref: "queue", repo: headRepository === null ? null : { full_name: headRepository } },
    base: { sha: A, ref: "main", repo: { full_name: "quayside/quayside" } },
  },
});

describe("the event of a run", () => {
  it("is none on a machine that is not a runner", () => {
    expect(readEvent({})).toBeUndefined();
  });

  it("has the run's page, repository and addresses", () => {
    const event = readEvent(env("schedule", { schedule: "0 3 * * *" }));
    expect(event).toEqual({
      kind: "schedule",
      cron: "0 3 * * *",
      repository: { owner: "quayside", name: "quayside" },
      sha: A,
      ref: "refs/heads/main",
      runId: 17,
      runAttempt: 2,
      runUrl: "https://github.com/quayside/quayside/actions/runs/17/attempts/2",
      actor: "grace",
      serverUrl: "https://github.com",
      apiUrl: "http://127.0.0.1:1",
    });
  });

  it("reads a pull request", () => {
    expect(readEvent(env("pull_request", pull("quayside/quayside")))).toMatchObject({
      kind: "pull_request",
      action: "synchronize",
      number: 12,
      author: "ada",
      headSha: B,
      headRef: "queue",
      baseSha: A,
      baseRef: "main",
      isFork: false,
      isDraft: true,
      isMerged: false,
      labels: ["deploy:full"],
    });
  });

  it.each(["mallory/quayside", null])("knows a fork by the head's repository, here %s", (repository) => {
    expect(readEvent(env("pull_request", pull(repository)))).toMatchObject({ isFork: true });
  });

  it.each([
    ["refs/heads/feature/x", { branch: "feature/x", tag: undefined }],
    ["refs/tags/v1.4.0", { branch: undefined, tag: "v1.4.0" }],
  ])("reads a push to %s", (ref, expected) => {
    expect(readEvent(env("push", { ref, before: A, after: B }))).toMatchObject({
      kind: "push",
      before: A,
      after: B,
      ref,
      ...expected,
    });
  });

  it("reads the inputs of a dispatch as text", () => {
    const file = { inputs: { stack: "prod", dry_run: true, to: null } };
    expect(readEvent(env("workflow_dispatch", file))).toMatchObject({
      inputs: { stack: "prod", dry_run: "true" },
    });
    expect(readEvent(env("workflow_dispatch", { inputs: null }))).toMatchObject({ inputs: {} });
  });

  it("names everything that is missing or ill-formed at once", () => {
    const error = refused(env("push", {}, { GITHUB_SHA: "main", GITHUB_REPOSITORY: "", GITHUB_RUN_ID: "x" }));
    expect(error).toMatchObject({ code: "event-invalid", exitCode: 2 });
    for (const name of ["GITHUB_SHA", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"])
      expect(error.message).toContain(name);
  });

  it("says which file it can't read, and which part of it is wrong", () => {
    expect(refused(env("push", {}, { GITHUB_EVENT_PATH: "/nowhere/event.json" })).message).toContain(
      "/nowhere/event.json",
    );
    expect(refused(env("pull_request", { action: "opened" })).message).toContain("pull_request:");
  });

  it("refuses an event that it does not know", () => {
    expect(refused(env("pull_request_target", pull(null)))).toMatchObject({ code: "event-unsupported" });
  });
});
