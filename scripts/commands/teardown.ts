import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { Bench } from "../setup/bench.ts";
import { nobody } from "../setup/interviewer.ts";
import { openProgress } from "../setup/progress.ts";
import { readProject, requireStack, stackFile } from "../stack/stacks.ts";
import { tearDown } from "../teardown/teardown.ts";
import type { Command } from "./command.ts";

const Values = z.object({ confirm: z.string().optional() });

export const command: Command = {
  usage: "teardown -- <stack> [--confirm STACK]",
  examples: ["npm run teardown -- dev", "npm run teardown -- dev --confirm dev"],
  positionals: ["stack"],
  options: { confirm: { type: "string" } },
  async run(context, { values, positionals }) {
    const { confirm } = Values.parse(values);
    const project = readProject(context.root);
    const stack = requireStack(project, positionals[0]);
    const bench = new Bench({
      context,
      project,
      interviewer: nobody,
      progress: openProgress(context.root, false),
    });
    const torn = await tearDown(context, bench, stack, async (lines) => {
      context.reporter.say(
        `\nOf ${stack} this will be gone:\n${lines.map((line) => `  − ${line}`).join("\n")}\n`,
      );
      if (confirm !== undefined) return confirm === stack;
      if (process.stdin.isTTY && process.stderr.isTTY) return (await askName(stack)) === stack;
      throw new UserError(
        "teardown-unconfirmed",
        `Nobody is there to say that ${stack} shall go.`,
        `Say it in the command: npm run teardown -- ${stack} --confirm ${stack}. Nothing was touched.`,
        EXIT.stopped,
      );
    });
    context.reporter.say(
      `\n${stack} is gone. The backup is in ${torn.backup}. Delete ${stackFile(project, stack)} in a pull request, or npm run setup and a deployment bring it back.`,
    );
    return { outcome: "succeeded", stack, ...torn };
  },
};

async function askName(stack: string): Promise<string> {
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({ message: `Type ${stack} to take it away`, output: process.stderr });
  return isCancel(answer) ? "" : String(answer);
}
