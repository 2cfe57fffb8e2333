import type { Check } from "../check.ts";
import { workflowFiles } from "./workflow-files.ts";

export const actionPins: Check = {
  name: "action-pins",
  about: "Actions of others, each at one commit",
  async look({ context }) {
    return workflowFiles(context.root).flatMap(({ name, text }) =>
      [...text.matchAll(/^\s*(?:- )?uses:\s*([^\s#]+)/gm)]
        .map(([, used = ""]) => used)
        .filter((used) => !used.startsWith("./") && !/@[0-9a-f]{40}$/.test(used))
        .map((used) => ({
          level: "wrong" as const,
          text: `${name} uses ${used}: a tag can be moved to other code.`,
          fix: "Name the commit's 40 digits after the @, with the version as a comment.",
        })),
    );
  },
};
