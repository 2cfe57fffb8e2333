import { execa } from "execa";
import type { JobOutcome } from "../stage/runner.ts";
import type { Stage } from "../stage/stage.ts";

/** The jobs of the workflows, as .github/workflows/ starts them. */
const ACTOR = "robin";
/** The image of the template's configuration, which the servers run until the bad release. */
export const IMAGE = `sha256:${"1".repeat(64)}`;
const ZERO = "0".repeat(40);

export function previewJob(
  stage: Stage,
  pull: { number: number; headSha: string; event: { name: string; payload: unknown } },
  name = "Preview",
): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow: "preview.yml",
    command: ["preview"],
    event: pull.event,
    sha: pull.headSha,
    ref: `refs/pull/${pull.number}/merge`,
    actor: ACTOR,
  });
}

export function deployDevJob(
  stage: Stage,
  sha: string,
  before = ZERO,
  name = "Deploy dev",
): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow: "deploy-dev.yml",
    command: ["deploy", "dev", "--verify-limit", "20"],
    event: stage.github.pushEvent("refs/heads/main", before, sha),
    sha,
    ref: "refs/heads/main",
    environment: "dev",
    actor: ACTOR,
  });
}

export async function releaseJob(stage: Stage, tag: string, sha: string): Promise<JobOutcome> {
  const { dir } = stage.checkout;
  await execa("git", ["tag", tag, sha], { cwd: dir });
  await execa("git", ["push", "--quiet", "origin", tag], { cwd: dir });
  return stage.job({
    name: `Release ${tag} to prod`,
    workflow: "release-prod.yml",
    command: ["release", tag, "--verify-limit", "20"],
    event: stage.github.pushEvent(`refs/tags/${tag}`, ZERO, sha),
    sha,
    ref: `refs/tags/${tag}`,
    environment: "prod",
    actor: ACTOR,
  });
}

export function rollbackJob(stage: Stage, sha: string, args: string[]): Promise<JobOutcome> {
  return stage.job({
    name: `Rollback of prod${args.includes("--dry-run") ? " (dry run)" : ""}`,
    workflow: "rollback.yml",
    command: ["rollback", "prod", "--verify-limit", "20", ...args],
    event: stage.github.dispatchEvent({ stack: "prod" }),
    sha,
    ref: "refs/heads/main",
    environment: "prod",
    actor: ACTOR,
  });
}

export function driftJob(stage: Stage, sha: string, name = "Drift check of prod"): Promise<JobOutcome> {
  return stage.job({
    name,
    workflow: "drift.yml",
    command: ["drift", "prod"],
    event: {
      name: "schedule",
      payload: { schedule: "17 3 * * *", repository: { full_name: stage.github.repository } },
    },
    sha,
    ref: "refs/heads/main",
    actor: ACTOR,
  });
}

/** A person's change, from branch to open pull request. */
export async function openPull(
  stage: Stage,
  branch: string,
  title: string,
  edit: () => void,
): Promise<{ number: number; headSha: string; event: { name: string; payload: unknown } }> {
  const { checkout, github } = stage;
  await checkout.git("fetch", "--quiet", "origin");
  await checkout.git("checkout", "--quiet", "--force", "-B", branch, "origin/main");
  edit();
  await checkout.commit(title);
  await checkout.git("push", "--quiet", "origin", branch);
  const pull = await github.openPull(title, branch);
  return { number: pull.number, headSha: pull.head.sha, event: github.pullEvent(pull, "opened") };
}

/** Squashes a pull request into main and brings the commit into the checkout. */
export async function mergePull(stage: Stage, number: number): Promise<string> {
  const sha = await stage.github.merge(number);
  await stage.checkout.git("fetch", "--quiet", "origin");
  return sha;
}
