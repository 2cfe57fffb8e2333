import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { identifyCaller } from "../flows/environment.ts";
import { publishTag } from "../flows/publish-notes.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";
import { stackOfTag } from "./release-arguments.ts";

const Values = z.object({ stack: z.string().optional() });

export const command: Command = {
  usage: "notes -- <tag> [--stack STACK]",
  examples: ["npm run notes -- v1.4.0"],
  positionals: ["tag"],
  options: { stack: { type: "string" } },
  async run(context, { values, positionals }) {
    const [tag] = positionals;
    if (!tag) throw new UserError("usage", "No tag was named.", `Usage: npm run ${this.usage}`, EXIT.usage);
    const project = readProject(context.root);
    const stack = requireStack(project, Values.parse(values).stack ?? stackOfTag(project, tag));
    const url = await publishTag(context, identifyCaller(context), project, stack, tag);
    context.reporter.say(
      url ? `${tag} is published: ${url}` : "Not published: on a terminal there is no GitHub to publish at.",
    );
    return { outcome: "succeeded", url };
  },
};
