import { identifyCaller } from "../flows/environment.ts";
import { resume } from "../flows/resume.ts";
import { appendSummary, setOutput } from "../github/output.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  usage: "resume -- <stack>",
  examples: ["npm run resume -- prod"],
  positionals: ["stack"],
  options: {},
  async run(context, { positionals }) {
    const stack = requireStack(readProject(context.root), positionals[0]);
    const { event, releases } = identifyCaller(context);
    const run = event?.runId ?? Math.floor(context.now().getTime() / 1000);
    const release = await resume(context, releases, {
      stack,
      releaseId: `${stack}-resume-${run}`,
      actor: event?.actor ?? "local",
      runUrl: event?.runUrl,
    });
    const said = release
      ? `${stack} may go forward again: the next merge or tag deploys it. What runs has not changed.`
      : `Nothing to do: ${stack} was not rolled back.`;
    if (release) setOutput("release", release.id, context.env);
    appendSummary(`## ${stack}: ${release ? "resumed" : "nothing to do"}\n\n${said}\n`, context.env);
    context.reporter.say(said);
    return { outcome: release ? "succeeded" : "nothing-to-do", release };
  },
};
