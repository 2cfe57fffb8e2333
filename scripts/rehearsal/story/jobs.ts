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

export function cleanupJob(
  stage: Stage,
  pull: { number: number; headSha: string; event: { name: string; payload: unknown } },
): Promise<JobOutcome> {
  return stage.job({
    name: "Cleanup",
    workflow: "cleanup.yml",
    command: ["cleanup"],
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
  attempt = 1,
): Promise<JobOutcome> {
  return stage.job({
    name,
    attempt,
    workflow: "deploy-dev.yml",
    command: ["deploy", "dev", "--verify-limit", "20"],
    event: stage.github.pushEvent("refs/heads/main", before, sha),
    sha,
    ref: "refs/heads/main",
    environment: "dev",
    actor: ACTOR,
  });
}

/** The job that shows after a deployment to dev what a release of its commit would change. */
export function candidateJob(stage: Stage, sha: string): Promise<JobOutcome> {
  return stage.job({
    name: "Release candidate",
    workflow: "deploy-dev.yml",
    command: ["preview", "prod"],
    event: stage.github.pushEvent("refs/heads/main", ZERO, sha),
    sha,
    ref: "refs/heads/main",
    actor: ACTOR,
  });
}

/** Pushes a tag and runs the job that passes the gate and plans the release. */
export async function planJob(stage: Stage, tag: string, sha: string): Promise<JobOutcome> {
  const { dir } = stage.checkout;
  await execa("git", ["tag", "--force", tag, sha], { cwd: dir });
  await execa("git", ["push", "--quiet", "--force", "origin", tag], { cwd: dir });
  return stage.job({
    name: `Plan of ${tag}`,
    workflow: "release-prod.yml",
    command: ["plan", tag],
    event: stage.github.pushEvent(`refs/tags/${tag}`, ZERO, sha),
    sha,
    ref: `refs/tags/${tag}`,
    actor: ACTOR,
  });
}

/** The job that the environment prod lets run when somebody has approved it: after its plan, in the same run. */
export function approvedReleaseJob(
  stage: Stage,
  tag: string,
  sha: string,
  plan: JobOutcome,
): Promise<JobOutcome> {
  return stage.job({
    name: `Release ${tag} to prod`,
    workflow: "release-prod.yml",
    command: ["release", tag, "--verify-limit", "20"],
    event: stage.github.pushEvent(`refs/tags/${tag}`, ZERO, sha),
    sha,
    ref: `refs/tags/${tag}`,
    environment: "prod",
    actor: ACTOR,
    needs: plan,
  });
}

/** A whole release: plan, approval, release. The plan's outcome where it is not asked for an approval any more. */
export async function releaseJob(stage: Stage, tag: string, sha: string): Promise<JobOutcome> {
  const plan = await planJob(stage, tag, sha);
  return plan.exitCode === 0 ? approvedReleaseJob(stage, tag, sha, plan) : plan;
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

/** The same pull request after a push of another head. */
export function pushedAgain<T extends { headSha: string; event: { name: string; payload: unknown } }>(
  pull: T,
  sha: string,
): T {
  const payload = structuredClone(pull.event.payload) as {
    action: string;
    before?: string;
    after?: string;
    pull_request: { head: { sha: string } };
  };
  payload.action = "synchronize";
  payload.before = pull.headSha;
  payload.after = sha;
  payload.pull_request.head.sha = sha;
  return { ...pull, headSha: sha, event: { name: pull.event.name, payload } };
}
