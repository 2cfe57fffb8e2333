import type { JobOutcome } from "../../stage/runner.ts";
import type { Stage } from "../../stage/stage.ts";
import { mergePull, openPull } from "../jobs.ts";

const ACTOR = "robin";

/** One command on dev as its workflow starts it by hand: rollback, resume, or a deployment with a refresh. */
export function devJob(
  stage: Stage,
  sha: string,
  name: string,
  workflow: string,
  command: readonly string[],
): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow,
    command: [...command],
    event: stage.github.dispatchEvent({ stack: "dev" }),
    sha,
    ref: "refs/heads/main",
    environment: "dev",
    actor: ACTOR,
  });
}

export function rollbackDev(stage: Stage, sha: string, name: string, ...args: string[]): Promise<JobOutcome> {
  return devJob(stage, sha, name, "rollback.yml", ["rollback", "dev", "--verify-limit", "20", ...args]);
}

/** The check as it runs after a deployment, at night, or by hand: it only reads. */
export function driftOfDev(stage: Stage, sha: string, name: string, ...args: string[]): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow: "drift.yml",
    command: ["drift", "dev", ...args],
    event: stage.github.dispatchEvent({ stack: "dev" }),
    sha,
    ref: "refs/heads/main",
    actor: ACTOR,
  });
}

/** A change of main by pull request, merged; gives its commit. */
export async function mergeChange(
  stage: Stage,
  branch: string,
  title: string,
  edit: () => void,
): Promise<string> {
  const pull = await openPull(stage, branch, title, edit);
  return mergePull(stage, pull.number);
}
