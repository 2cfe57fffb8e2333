import { findDrift } from "../flows/drift.ts";
import { eachStack } from "../flows/each-stack.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { fixDrift } from "../flows/fix-drift.ts";
import { reportDrift } from "../flows/report-drift.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  usage: "drift -- [stack] [--fix] [--after-deployment]",
  examples: ["npm run drift", "npm run drift -- prod", "npm run drift -- prod --fix"],
  positionals: ["stack"],
  options: { fix: { type: "boolean" }, "after-deployment": { type: "boolean" } },
  async run(context, { values, positionals }) {
    const project = readProject(context.root);
    const stacks = positionals[0] === undefined ? project.stacks : [requireStack(project, positionals[0])];
    const caller = identifyCaller(context);
    const drifts = await eachStack(stacks, async (name) => {
      // In the job of a deployment its identity opens the stack itself and not the twin that only reads.
      const purpose = values["after-deployment"] === true ? "deploy" : "preview";
      const stack = await openStackTarget(context, project, name, purpose);
      const drift = await findDrift(context, caller.releases, stack);
      const issue = await reportDrift(context, caller, drift);
      const { findings, release } = drift;
      const fix =
        values.fix === true && findings.length > 0 && release
          ? await fixDrift(context, caller, release)
          : undefined;
      const told = (kind: string) => findings.filter((finding) => finding.kind === kind);
      return {
        stack: name,
        resources: told("resource").map(({ key }) => key),
        edge: told("edge").map(({ what }) => what),
        servers: told("server").map(({ what }) => what),
        issue,
        ...(fix ? { fix } : {}),
      };
    });
    const found = drifts.some(
      ({ resources, edge, servers }) => resources.length + edge.length + servers.length > 0,
    );
    return { outcome: found ? "drifted" : "succeeded", stacks: drifts };
  },
};
