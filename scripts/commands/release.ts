import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { deploy } from "../flows/deploy.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { describeDeployment, publishDeployment } from "../flows/publish-deployment.ts";
import { passGate } from "../flows/release-gate.ts";
import { releaseGuard } from "../flows/release-guard.ts";
import { rolloutOf } from "../flows/rollout-of.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import { APPROVAL_OPTION, APPROVAL_VALUE } from "./approval-option.ts";
import type { Command } from "./command.ts";
import { summarize } from "./deploy.ts";
import { requireTag, stackOfTag } from "./release-arguments.ts";

const Values = z.object({
  "verify-limit": z.coerce.number().positive().default(300),
  stack: z.string().optional(),
  refresh: z.boolean().default(false),
  ...APPROVAL_VALUE,
});

export const command: Command = {
  usage: "release -- <tag> [--stack STACK] [--refresh] [--allow WORDS]",
  examples: ["npm run release -- v1.4.0"],
  positionals: ["tag"],
  options: {
    "verify-limit": { type: "string" },
    stack: { type: "string" },
    refresh: { type: "boolean" },
    ...APPROVAL_OPTION,
  },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const options = parsed.data;
    const project = readProject(context.root);
    const caller = identifyCaller(context);
    const tag = requireTag(positionals[0], caller, this.usage);
    const name = requireStack(project, options.stack ?? stackOfTag(project, tag));
    const { sha } = await context.reporter.step(`Gate for ${tag}`, () =>
      passGate(context, project, caller, name, tag),
    );
    const stack = await openStackTarget(context, project, name, "deploy");
    const deployment = await deploy(context, caller.releases, {
      stack,
      releaseId: `${name}-${tag}`.toLowerCase(),
      sha,
      ref: `refs/tags/${tag}`,
      actor: caller.event?.actor ?? "local",
      runUrl: caller.event?.runUrl,
      message: `Release ${tag}`,
      updates: caller.updates,
      guard: releaseGuard(context, project, caller, stack, {
        tag,
        sha,
        allowed: options.allow,
      }),
      rollout: rolloutOf(project, name),
      refresh: options.refresh,
      verifyLimitMs: options["verify-limit"] * 1000,
    });
    await publishDeployment(context, caller, deployment);
    context.reporter.say(describeDeployment(deployment));
    return { outcome: deployment.nothingToDo ? "nothing-to-do" : "succeeded", ...summarize(deployment) };
  },
};
