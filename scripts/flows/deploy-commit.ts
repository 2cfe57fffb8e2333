import type { Outcome } from "../change/comment/view.ts";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { Project } from "../stack/stacks.ts";
import { type Deployment, deploy } from "./deploy.ts";
import { type Caller, openStackTarget } from "./environment.ts";
import { type MergedPulls, mergedPulls } from "./review/merged-pulls.ts";
import { refuseSuperseded } from "./review/refuse-superseded.ts";
import { tellPulls } from "./review/tell-pulls.ts";
import { type Finding, reviewGuard, StoppedByReview } from "./review-guard.ts";
import { rolloutOf } from "./rollout-of.ts";

export interface CommitOrder {
  sha: string;
  /** Applies whatever the preview finds: for a person at a terminal who knows why. */
  unreviewed: boolean;
  /** Looks at the clouds first, so that what was changed by hand is put back too. */
  refresh: boolean;
  verifyLimitMs: number;
}

/**
 * Deploys a commit of main to a stack, if it is what was reviewed and nothing newer runs there, and says on its pull requests
 * what became of them.
 *
 * @throws UserError `commit-superseded`, {@link StoppedByReview} (both exit code 3), or what {@link deploy} throws
 */
export async function deployCommit(
  context: Context,
  project: Project,
  caller: Caller,
  name: string,
  { sha, unreviewed, refresh, verifyLimitMs }: CommitOrder,
): Promise<Deployment | { supersededBy: ReleaseManifest }> {
  const { event, github } = caller;
  const supersededBy = await refuseSuperseded(context, caller, name, sha);
  const [last] = await caller.releases.list(name, 1);
  const pulls: MergedPulls = github
    ? await mergedPulls(github, context.root, sha, supersededBy ? undefined : last?.sha)
    : { own: undefined, all: [] };
  const tell = (outcome: Outcome) => tellPulls(context, project, caller, pulls, name, outcome);
  if (supersededBy) {
    await tell({ kind: "applied", why: `It came with ${supersededBy.id}, which is newer and contains it.` });
    return { supersededBy };
  }

  const stack = await openStackTarget(context, project, name, "deploy");
  const { guard, finding } = reviewGuard(context, project, caller, stack, pulls);
  try {
    const deployment = await deploy(context, caller.releases, {
      stack,
      releaseId: `${name}-${event?.runId ?? Math.floor(context.now().getTime() / 1000)}-${sha.slice(0, 7)}`,
      sha,
      ref: event?.ref ?? "local",
      actor: event?.actor ?? "local",
      runUrl: event?.runUrl,
      message: `Deploy ${sha.slice(0, 7)} to ${name}`,
      updates: caller.updates,
      rollout: rolloutOf(project, name),
      guard: unreviewed ? async () => undefined : guard,
      refresh,
      verifyLimitMs,
    });
    await tell(appliedOutcome(deployment, finding));
    return deployment;
  } catch (error) {
    await tell(stoppedOutcome(error));
    throw error;
  }
}

function appliedOutcome({ manifest }: Deployment, { decision, comparison }: Finding): Outcome {
  if (decision !== "let-through") return { kind: "applied", why: `Release ${manifest.id}.` };
  return {
    kind: "applied",
    why: `Release ${manifest.id}. It was not quite what was reviewed; the difference has no hazard.`,
    comparison,
  };
}

function stoppedOutcome(error: unknown): Outcome {
  if (error instanceof StoppedByReview)
    return { kind: "stopped", why: sentence(error), comparison: error.comparison };
  if (error instanceof UserError && error.exitCode === EXIT.stopped)
    return { kind: "stopped", why: sentence(error) };
  return {
    kind: "failed",
    why: error instanceof UserError ? sentence(error) : "The run's log has the error.",
  };
}

/** The first line of what was said, and what to do. */
function sentence({ code, message, fix }: UserError): string {
  const [first = ""] = message.split("\n");
  return `${first.replace(/:$/, ".")} (${code}) ${fix}`;
}
