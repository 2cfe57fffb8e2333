import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import type { Deployment } from "../flows/deploy.ts";
import { deployCommit } from "../flows/deploy-commit.ts";
import { identifyCaller } from "../flows/environment.ts";
import { describeDeployment, publishDeployment } from "../flows/publish-deployment.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  "verify-limit": z.coerce.number().positive().default(300),
  unreviewed: z.boolean().default(false),
  refresh: z.boolean().default(false),
});

export const command: Command = {
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
    const result = await deployCommit(context, project, caller, name, {
      sha: caller.event?.sha ?? (await headCommit(context.root)),
      unreviewed: parsed.data.unreviewed,
      refresh: parsed.data.refresh,
      verifyLimitMs: parsed.data["verify-limit"] * 1000,
    });
    if ("supersededBy" in result) {
      context.reporter.say(
        `\nNothing to do: ${name} runs ${result.supersededBy.id} already, which contains this commit.`,
      );
      return { outcome: "superseded", release: result.supersededBy };
    }
    await publishDeployment(context, caller, result);
    context.reporter.say(describeDeployment(result));
    return { outcome: result.nothingToDo ? "nothing-to-do" : "succeeded", ...summarize(result) };
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
