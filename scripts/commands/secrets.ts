import { resolve } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { answersFile } from "../setup/answers-file.ts";
import { Bench } from "../setup/bench.ts";
import { nobody } from "../setup/interviewer.ts";
import { openProgress } from "../setup/progress.ts";
import { QUESTIONS } from "../setup/questions.ts";
import { ROTATABLE, rotate } from "../setup/rotate.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  stack: z.string().optional(),
  answers: z.string().optional(),
  preview: z.boolean().default(false),
  finish: z.boolean().default(false),
});

export const command: Command = {
  summary:
    "Change a secret everywhere, without a stop: the new one is tried and in place before the old one ends",
  usage: "secrets -- rotate <name> [--stack STACK] [--preview] [--finish] [--answers FILE]",
  examples: [
    "npm run secrets -- rotate HCLOUD_TOKEN",
    "npm run secrets -- rotate CLOUDFLARE_API_TOKEN --preview",
    "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod",
    "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod --finish",
  ],
  positionals: ["rotate", "name"],
  options: {
    stack: { type: "string" },
    answers: { type: "string" },
    preview: { type: "boolean" },
    finish: { type: "boolean" },
  },
  async run(context, { values, positionals }) {
    const { stack, answers, preview, finish } = Values.parse(values);
    const [verb, variable = ""] = positionals;
    if (verb !== "rotate" || variable === "")
      throw new UserError(
        "usage",
        "Say what is to be done with which secret.",
        `Usage: npm run ${this.usage}. Secrets: ${ROTATABLE.join(", ")}.`,
        EXIT.usage,
      );
    const project = readProject(context.root);
    const bench = new Bench({
      context,
      project,
      // What stands in its place already is found there; only the new one is asked for.
      interviewer: nobody,
      progress: openProgress(context.root, false),
    });
    const names = QUESTIONS.map(({ name }) => name);
    const interviewer =
      answers !== undefined
        ? answersFile(resolve(context.root, answers), names, context.env)
        : process.stdin.isTTY && process.stderr.isTTY
          ? (await import("../setup/terminal.ts")).terminal(context.reporter.say)
          : nobody;
    const rotation = await rotate(bench, interviewer, {
      variable,
      stacks: stack === undefined ? project.stacks : [requireStack(project, stack)],
      use: preview ? "preview" : undefined,
      finish,
    });
    context.reporter.say(`\n${rotation.next}`);
    return { outcome: "succeeded", ...rotation };
  },
};
