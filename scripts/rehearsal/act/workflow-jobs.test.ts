import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isStartedBy, readTerms } from "./workflow-jobs.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const WHERE = { repository: "quayside/quayside", ref: "refs/heads/main" };
const made = mkdtempSync(join(tmpdir(), "workflow-jobs-"));
afterAll(() => rmSync(made, { recursive: true, force: true }));

function write(name: string, text: string): string {
  mkdirSync(join(made, ".github/workflows"), { recursive: true });
  writeFileSync(join(made, ".github/workflows", name), text);
  return `.github/workflows/${name}`;
}

describe("what GitHub grants the jobs of a workflow file", () => {
  it("is read through the reusable workflow that it calls: environment, permissions, the file for its identity", () => {
    const { jobs, actions, runners } = readTerms(ROOT, ".github/workflows/deploy-dev.yml", WHERE, {});
    expect(jobs.deploy).toMatchObject({
      environment: "dev",
      permissions: { "id-token": "write", deployments: "write" },
      workflow: "quayside/quayside/.github/workflows/deploy.yml@refs/heads/main",
    });
    const names = actions.map((uses) => uses.replace(/@.*/, ""));
    // That of the called file, and that of the composite action which it uses.
    expect(names).toEqual(expect.arrayContaining(["actions/checkout", "actions/cache"]));
    expect(runners).toEqual(["ubuntu-latest"]);
  });

  it("takes the stack from a person's form", () => {
    const { jobs } = readTerms(ROOT, ".github/workflows/rollback.yml", WHERE, { stack: "prod" });
    expect(jobs.deploy?.environment).toBe("prod");
  });

  it("is not guessed where two jobs of one id stand on different terms", () => {
    const call = (stack: string) =>
      `{ uses: ./.github/workflows/inner.yml, with: { stack: ${stack} }, permissions: {} }`;
    write(
      "inner.yml",
      `on: { workflow_call: {} }\njobs: { go: { runs-on: x, environment: '$\{{ inputs.stack }}', steps: [] } }\n`,
    );
    const path = write("two.yml", `on: { push: {} }\njobs:\n  a: ${call("dev")}\n  b: ${call("prod")}\n`);
    expect(() => readTerms(made, path, WHERE, {})).toThrow("two jobs go on different terms");
  });
});

describe("an event", () => {
  const path = write(
    "filters.yml",
    "on:\n  pull_request:\n  push: { branches: ['release/*'], tags: ['v**'] }\n  schedule: []\njobs: {}\n",
  );
  it.each([
    ["pull_request", "refs/pull/1/merge", "opened", true],
    ["pull_request", "refs/pull/1/merge", "labeled", false],
    ["push", "refs/heads/release/1", undefined, true],
    ["push", "refs/heads/release/1/2", undefined, false],
    ["push", "refs/heads/main", undefined, false],
    ["push", "refs/tags/v1/x", undefined, true],
    ["schedule", "refs/heads/main", undefined, true],
    ["issues", "refs/heads/main", undefined, false],
  ])("%s on %s (%s) starts the workflow as its filters say: %s", (name, ref, action, starts) => {
    expect(isStartedBy(made, path, { name, ref, ...(action ? { action } : {}) })).toBe(starts);
  });
});
