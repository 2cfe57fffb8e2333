import { ActRunner, type WorkflowOutcome } from "../../act/act-runner.ts";
import { actProgram } from "../../act/program.ts";
import type { Checkout } from "../../stage/checkout.ts";
import type { Stage } from "../../stage/stage.ts";

const ACTOR = "robin";
const ZERO = "0".repeat(40);

/** One for each world, made when the first workflow is run. */
const runners = new WeakMap<Checkout, Promise<ActRunner>>();

function runnerOf(stage: Stage): Promise<ActRunner> {
  const known = runners.get(stage.checkout);
  if (known) return known;
  const made = makeRunner(stage);
  runners.set(stage.checkout, made);
  return made;
}

async function makeRunner({ root, dir, clouds, backend, providers }: Stage): Promise<ActRunner> {
  return new ActRunner({ act: await actProgram(root), root, clouds, dir: `${dir}/jobs`, backend, providers });
}

/** A pull request is opened or pushed to. */
export async function previewRun(
  stage: Stage,
  pull: { number: number; event: { name: string; payload: unknown } },
  name = "preview",
): Promise<WorkflowOutcome> {
  const runner = await runnerOf(stage);
  // What GitHub checks out for a pull request is the test merge that it makes itself.
  const sha = await stage.github.testMerge(pull.number);
  await stage.checkout.git("fetch", "--quiet", "origin", sha);
  const ref = `refs/pull/${pull.number}/merge`;
  return runner.run(stage.checkout, {
    name,
    workflow: "preview.yml",
    event: pull.event,
    sha,
    ref,
    actor: ACTOR,
  });
}

/** main moves to a commit. */
export async function deployDevRun(stage: Stage, sha: string, before = ZERO): Promise<WorkflowOutcome> {
  const runner = await runnerOf(stage);
  const ref = "refs/heads/main";
  return runner.run(stage.checkout, {
    name: "deploy-dev",
    workflow: "deploy-dev.yml",
    event: stage.github.pushEvent(ref, before, sha),
    sha,
    ref,
    actor: ACTOR,
  });
}

/** A person pushes a version tag. */
export async function releaseRun(stage: Stage, tag: string, sha: string): Promise<WorkflowOutcome> {
  const runner = await runnerOf(stage);
  await stage.checkout.git("tag", tag, sha);
  await stage.checkout.git("push", "--quiet", "origin", tag);
  const ref = `refs/tags/${tag}`;
  return runner.run(stage.checkout, {
    name: `release-prod ${tag}`,
    workflow: "release-prod.yml",
    event: stage.github.pushEvent(ref, ZERO, sha),
    sha,
    ref,
    actor: ACTOR,
  });
}

/** A person fills in the form of the workflow rollback. */
export async function rollbackRun(
  stage: Stage,
  sha: string,
  inputs: { stack: string; release: string; scope: string; "dry-run": string },
): Promise<WorkflowOutcome> {
  const run = await dispatchRun(stage, { workflow: "rollback.yml", sha, ref: "refs/heads/main", inputs });
  return { ...run, name: `rollback${inputs["dry-run"] === "true" ? " (dry run)" : ""}` };
}

/** A person starts a workflow by hand, on a branch or a tag. */
export async function dispatchRun(
  stage: Stage,
  {
    workflow,
    sha,
    ref,
    inputs,
  }: { workflow: string; sha: string; ref: string; inputs: Record<string, string> },
): Promise<WorkflowOutcome> {
  const runner = await runnerOf(stage);
  return runner.run(stage.checkout, {
    name: workflow.replace(/\.yml$/, ""),
    workflow,
    event: stage.github.dispatchEvent(inputs),
    sha,
    ref,
    actor: ACTOR,
    inputs,
  });
}

/** The clock strikes. */
export async function driftRun(stage: Stage, sha: string, name = "drift"): Promise<WorkflowOutcome> {
  const runner = await runnerOf(stage);
  const repository = { full_name: stage.github.repository, default_branch: "main" };
  return runner.run(stage.checkout, {
    name,
    workflow: "drift.yml",
    event: { name: "schedule", payload: { schedule: "17 3 * * *", repository } },
    sha,
    ref: "refs/heads/main",
    actor: ACTOR,
  });
}
