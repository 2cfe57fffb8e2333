import { EXIT, UserError } from "../errors.ts";
import { accountForPreviews, identifyCaller } from "../flows/environment.ts";
import { removePreviews } from "../flows/remove-previews.ts";
import { tellClosed } from "../flows/review/tell-closed.ts";
import { readProject } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  summary: "Remove the previews of a closed pull request's Workers and sites",
  usage: "cleanup -- [pull request]",
  examples: ["npm run cleanup -- 42"],
  positionals: ["pull request"],
  options: {},
  async run(context, { positionals }) {
    const caller = identifyCaller(context);
    const project = readProject(context.root);
    const pull = caller.event?.kind === "pull_request" ? caller.event : undefined;
    if (pull?.isFork) {
      context.reporter.say("A pull request from a fork has no previews.");
      return { outcome: "fork" };
    }
    const number = pull?.number ?? Number(positionals[0]);
    if (!Number.isInteger(number) || number < 1) {
      throw new UserError(
        "usage",
        positionals[0] === undefined ? "No pull request was named." : `${positionals[0]} is no number.`,
        `Usage: npm run ${this.usage}`,
        EXIT.usage,
      );
    }
    if (pull) await tellClosed(context, caller, pull, project.stacks);
    const account = await accountForPreviews(context, project);
    if (!account) {
      context.reporter.say("There is no account for previews, so there is nothing to remove.");
      return { outcome: "succeeded", removed: [] };
    }
    const removed = await removePreviews(context, account, number);
    context.reporter.say(removed.length === 0 ? `#${number} has no previews.` : `Removed ${removed.length}.`);
    return { outcome: "succeeded", removed };
  },
};
