import { resolve } from "node:path";
import { z } from "zod";
import type { Context } from "../context.ts";
import { EXIT, UserError } from "../errors.ts";
import { identifyCaller, openStackTarget } from "../flows/environment.ts";
import { rotatePassphrase } from "../flows/rotate-passphrase.ts";
import { answersFile } from "../setup/answers-file.ts";
import { Bench } from "../setup/bench.ts";
import { nobody } from "../setup/interviewer.ts";
import { openProgress } from "../setup/progress.ts";
import { QUESTIONS } from "../setup/questions.ts";
import { PASSPHRASE, passphraseKeeper, ROTATABLE, rotate } from "../setup/rotate.ts";
import { randomText } from "../setup/sources.ts";
import { readProject, requireStack, stackFile } from "../stack/stacks.ts";
import type { Command, CommandResult } from "./command.ts";

const Values = z.object({
  stack: z.string().optional(),
  answers: z.string().optional(),
  preview: z.boolean().default(false),
  finish: z.boolean().default(false),
});

export const command: Command = {
  usage: "secrets -- rotate <name> [--stack STACK] [--preview] [--finish] [--answers FILE]",
  examples: [
    "npm run secrets -- rotate HCLOUD_TOKEN",
    "npm run secrets -- rotate CLOUDFLARE_API_TOKEN --preview",
    "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod",
    "npm run secrets -- rotate INTAKE_SIGNING_KEY --stack prod --finish",
    "npm run secrets -- rotate PULUMI_CONFIG_PASSPHRASE --stack prod",
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
    const stacks = stack === undefined ? project.stacks : [requireStack(project, stack)];
    if (variable === PASSPHRASE) {
      if (preview || finish)
        throw new UserError(
          "usage",
          "A stack and its previews have one passphrase, which is changed in one step.",
          `Leave ${preview ? "--preview" : "--finish"} out.`,
          EXIT.usage,
        );
      return changePassphrases(context, bench, stacks);
    }
    const names = QUESTIONS.map(({ name }) => name);
    const interviewer =
      answers !== undefined
        ? answersFile(resolve(context.root, answers), names, context.env)
        : process.stdin.isTTY && process.stderr.isTTY
          ? (await import("../setup/terminal.ts")).terminal(context.reporter.say)
          : nobody;
    const rotation = await rotate(bench, interviewer, {
      variable,
      stacks,
      use: preview ? "preview" : undefined,
      finish,
      async trusted(name) {
        const [last] = await identifyCaller(context).releases.list(name, 1);
        return last?.releaseKey;
      },
    });
    context.reporter.say(`\n${rotation.next}`);
    return { outcome: "succeeded", ...rotation };
  },
};

/** One stack after the other, each of them whole. */
async function changePassphrases(
  context: Context,
  bench: Bench,
  stacks: readonly string[],
): Promise<CommandResult> {
  const places: string[] = [];
  for (const stack of stacks) {
    const keeper = await passphraseKeeper(bench, stack);
    const { target } = await openStackTarget(context, bench.project, stack, "deploy");
    const { updates } = identifyCaller(context);
    const done = await rotatePassphrase(context, { target, updates, keeper, fresh: randomText() });
    if (done.resumed) context.reporter.say(`  The change of ${stack} that was cut off has gone on.`);
    if (done.settingsWritten)
      context.reporter.warn(
        `${stackFile(bench.project, stack)} has another salt: commit it now. Until that is merged, jobs of ${stack} stop with passphrase-wrong.`,
      );
    places.push(...keeper.places);
  }
  context.reporter.say(
    "\nThe old passphrase opens only backups of before. Keep it for as long as they matter (30 days at GitHub).",
  );
  return { outcome: "succeeded", variable: PASSPHRASE, places };
}
