import { EXIT, UserError } from "../errors.ts";
import { accountForPreviews, identifyCaller } from "../flows/environment.ts";
import { removePullDatabase } from "../flows/pull-database.ts";
import { removePreviews } from "../flows/remove-previews.ts";
import { tellClosed } from "../flows/review/tell-closed.ts";
import { readProject } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
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
    if (pull) await tellClosed(context, caller, pull, project);
    const database = await removePullDatabase(context, project, number);
    const account = await accountForPreviews(context, project);
    const removed = [
      ...(database === undefined ? [] : [database]),
      ...(account ? await removePreviews(context, account, number) : []),
    ];
    context.reporter.say(
      removed.length === 0 ? `#${number} has nothing of its own.` : `Removed ${removed.length}.`,
    );
    return { outcome: "succeeded", removed };
  },
};
