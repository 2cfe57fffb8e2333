import { join } from "node:path";
import { z } from "zod";
import { judge } from "../change/verdict.ts";
import { EXIT, UserError } from "../errors.ts";
import { identifyCaller } from "../flows/environment.ts";
import { writeArtifact } from "../flows/publish-preview.ts";
import { planRelease } from "../flows/release-plan.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import { APPROVAL_OPTION, APPROVAL_VALUE } from "./approval-option.ts";
import type { Command } from "./command.ts";
import { requireTag, stackOfTag } from "./release-arguments.ts";

const Values = z.object({
  stack: z.string().optional(),
  out: z.string().optional(),
  refresh: z.boolean().default(false),
  ...APPROVAL_VALUE,
});

export const command: Command = {
  usage: "plan -- <tag> [--stack STACK] [--out DIR] [--refresh] [--allow WORDS]",
  examples: ["npm run plan -- v1.4.0"],
  positionals: ["tag"],
  options: {
    stack: { type: "string" },
    out: { type: "string" },
    refresh: { type: "boolean" },
    ...APPROVAL_OPTION,
  },
  async run(context, { values, positionals }) {
    const parsed = Values.safeParse(values);
    if (!parsed.success) {
      throw new UserError("usage", z.prettifyError(parsed.error), `Usage: npm run ${this.usage}`, EXIT.usage);
    }
    const { stack, out, refresh, allow } = parsed.data;
    const project = readProject(context.root);
    const caller = identifyCaller(context);
    const tag = requireTag(positionals[0], caller, this.usage);
    const name = requireStack(project, stack ?? stackOfTag(project, tag));
    const preview = await planRelease(context, project, caller, {
      stack: name,
      tag,
      refresh,
      allowed: allow,
    });
    writeArtifact(out ?? join(context.root, ".preview"), [preview]);
    return {
      outcome: "succeeded",
      tag,
      stack: name,
      verdict: judge(preview).kind,
      steps: preview.change?.steps.length,
      digest: preview.fingerprint?.digest,
      costCents: preview.cost?.afterCents,
    };
  },
};
