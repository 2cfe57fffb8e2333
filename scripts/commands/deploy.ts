import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { type Deployment, deploy } from "../flows/deploy.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { describeDeployment, publishDeployment } from "../flows/publish-deployment.ts";
import { refuseSuperseded } from "../flows/refuse-superseded.ts";
import { reviewGuard } from "../flows/review-guard.ts";
import { rolloutOf } from "../flows/rollout-of.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  "verify-limit": z.coerce.number().positive().default(300),
  unreviewed: z.boolean().default(false),
  refresh: z.boolean().default(false),
});

export const command: Command = {
  summary:
    "Bring a commit to a stack: infrastructure, then Workers, sites and the release record, then verify",
  usage: "deploy -- <stack> [--verify-limit SECONDS] [--unreviewed] [--refresh]",
  examples: ["npm run deploy -- dev", "npm run deploy -- dev --json"],
  positionals: ["stack"],
  options: {
    "verify-limit": { type: "string" },
    unreviewed: { type: "boolean" },
    refresh: { type: "boolean" },
  },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const project = readProject(context.root);
    const name = requireStack(project, positionals[0]);
    const caller = identifyCaller(context);
    const { event } = caller;
    const sha = event?.sha ?? (await headCommit(context.root));
    await refuseSuperseded(caller, name, sha);
    const stack = await openStackTarget(context, project, name, "deploy");
    const deployment: Deployment = await deploy(context, caller.releases, {
      stack,
      releaseId: `${name}-${event?.runId ?? Math.floor(context.now().getTime() / 1000)}-${sha.slice(0, 7)}`,
      sha,
      ref: event?.ref ?? "local",
      actor: event?.actor ?? "local",
      runUrl: event?.runUrl,
      message: `Deploy ${sha.slice(0, 7)} to ${name}`,
      updates: caller.updates,
      guard: reviewGuard(context, caller, stack, { unreviewed: parsed.data.unreviewed }),
      rollout: rolloutOf(project, name),
      refresh: parsed.data.refresh,
      verifyLimitMs: parsed.data["verify-limit"] * 1000,
    });
    await publishDeployment(context, caller, deployment);
    context.reporter.say(describeDeployment(deployment));
    return { outcome: deployment.nothingToDo ? "nothing-to-do" : "succeeded", ...summarize(deployment) };
  },
};

/** What `--json` says of a deployment. */
export function summarize({
  manifest,
  deployed,
  unchanged,
  checks,
  change,
}: Deployment): Record<string, unknown> {
  return { release: manifest, deployed, unchanged, checks, steps: change.steps.length };
}

async function headCommit(root: string): Promise<string> {
  const { execa } = await import("execa");
  const { stdout } = await execa("git", ["rev-parse", "HEAD"], { cwd: root });
  return stdout.trim();
}
