import { findDrift } from "../flows/drift.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { reportDrift } from "../flows/report-drift.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  summary: "Find what was changed past the pipeline, and keep one issue a stack about it",
  usage: "drift -- [stack]",
  examples: ["npm run drift", "npm run drift -- prod"],
  positionals: ["stack"],
  options: {},
  async run(context, { positionals }) {
    const project = readProject(context.root);
    const stacks = positionals[0] === undefined ? project.stacks : [requireStack(project, positionals[0])];
    const caller = identifyCaller(context);
    const drifts = await Promise.all(
      stacks.map(async (name) => {
        const stack = await openStackTarget(context, project, name, "preview");
        const drift = await findDrift(context, caller.releases, stack);
        const issue = await reportDrift(context, caller, drift);
        return { stack: name, resources: drift.resources.map(({ urn }) => urn), edge: drift.edge, issue };
      }),
    );
    const found = drifts.some(({ resources, edge }) => resources.length + edge.length > 0);
    return { outcome: found ? "drifted" : "succeeded", stacks: drifts };
  },
};
