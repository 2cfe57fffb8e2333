import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { deploy } from "../flows/deploy.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { describeDeployment, publishDeployment } from "../flows/publish-deployment.ts";
import { passGate } from "../flows/release-gate.ts";
import { rolloutOf } from "../flows/rollout-of.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";
import { summarize } from "./deploy.ts";

const Values = z.object({
  "verify-limit": z.coerce.number().positive().default(300),
  stack: z.string().default("prod"),
  refresh: z.boolean().default(false),
});

export const command: Command = {
  summary: "Deploy a version tag to prod, after the gate: semver, on main, and a success on dev",
  usage: "release -- <tag> [--stack prod] [--refresh]",
  examples: ["npm run release -- v1.4.0"],
  positionals: ["tag"],
  options: { "verify-limit": { type: "string" }, stack: { type: "string" }, refresh: { type: "boolean" } },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const options = parsed.data;
    const project = readProject(context.root);
    const name = requireStack(project, options.stack);
    const caller = identifyCaller(context);
    const tag = positionals[0] ?? (caller.event?.kind === "push" ? caller.event.tag : undefined);
    if (!tag) throw new UserError("usage", "No tag was named.", `Usage: npm run ${this.usage}`, EXIT.usage);
    const { sha } = await context.reporter.step(`Gate for ${tag}`, () =>
      passGate(context, caller, name, tag),
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
      guard: async () => undefined,
      rollout: rolloutOf(project, name),
      refresh: options.refresh,
      verifyLimitMs: options["verify-limit"] * 1000,
    });
    await publishDeployment(context, caller, deployment);
    context.reporter.say(describeDeployment(deployment));
    return { outcome: deployment.nothingToDo ? "nothing-to-do" : "succeeded", ...summarize(deployment) };
  },
};
