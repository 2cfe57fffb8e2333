import { resolve } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../errors.ts";
import { answersFile } from "../setup/answers-file.ts";
import { Bench } from "../setup/bench.ts";
import { type Interviewer, nobody } from "../setup/interviewer.ts";
import { openProgress } from "../setup/progress.ts";
import { QUESTIONS } from "../setup/questions.ts";
import { runSteps } from "../setup/run.ts";
import { STEPS } from "../setup/steps.ts";
import { tellNext, tellQuestions } from "../setup/tell.ts";
import { readProject } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

const Values = z.object({
  check: z.boolean().default(false),
  questions: z.boolean().default(false),
  answers: z.string().optional(),
});

export const command: Command = {
  usage: "setup -- [--check] [--answers FILE] [--questions]",
  examples: [
    "npm run setup",
    "npm run setup -- --check",
    "npm run setup -- --answers answers.yaml",
    "npm run setup -- --questions",
  ],
  positionals: [],
  options: {
    check: { type: "boolean" },
    answers: { type: "string" },
    questions: { type: "boolean" },
  },
  async run(context, { values }) {
    const { check, answers, questions } = Values.parse(values);
    if (questions) {
      context.reporter.say(tellQuestions(QUESTIONS));
      return { outcome: "succeeded", questions: QUESTIONS.map(({ name, text }) => ({ name, text })) };
    }
    const started = context.now().getTime();
    const interviewer: Interviewer = check
      ? nobody
      : answers === undefined
        ? await person(context.reporter.say)
        : answersFile(
            resolve(context.root, answers),
            QUESTIONS.map(({ name }) => name),
            context.env,
          );
    const bench = new Bench({
      context,
      project: readProject(context.root),
      interviewer,
      progress: openProgress(context.root, !check),
    });
    const steps = await runSteps(bench, STEPS, interviewer);
    const seconds = Math.round((context.now().getTime() - started) / 100) / 10;
    const left = steps.filter(({ state }) => state === "left" || state === "unknown");
    context.reporter.say(
      tellNext({ check, left: left.length, notes: [...bench.notes], asked: bench.asked, seconds }),
    );
    return {
      outcome: left.length > 0 ? "left-to-do" : "succeeded",
      steps,
      notes: [...bench.notes],
      questions: bench.asked,
      seconds,
    };
  },
};

/** Prompts need a terminal at both ends. */
async function person(say: (text: string) => void): Promise<Interviewer> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError(
      "usage",
      "There is no terminal to ask on.",
      "Name a file of answers: npm run setup -- --answers answers.yaml; or only look: npm run setup -- --check",
      EXIT.usage,
    );
  return (await import("../setup/terminal.ts")).terminal(say);
}
