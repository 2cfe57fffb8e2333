import { CHECKS } from "../doctor/checks.ts";
import { examine } from "../doctor/examine.ts";
import { tellFindings } from "../doctor/tell.ts";
import { EXIT } from "../errors.ts";
import { Bench } from "../setup/bench.ts";
import { nobody } from "../setup/interviewer.ts";
import { openProgress } from "../setup/progress.ts";
import { readProject } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  usage: "doctor",
  examples: ["npm run doctor", "npm run doctor -- --json"],
  positionals: [],
  options: {},
  async run(context) {
    const started = context.now().getTime();
    const bench = new Bench({
      context,
      project: readProject(context.root),
      interviewer: nobody,
      progress: openProgress(context.root, false),
    });
    const findings = await examine(bench, CHECKS);
    const seconds = Math.round((context.now().getTime() - started) / 100) / 10;
    context.reporter.say(tellFindings(findings, seconds));
    const wrong = findings.some(({ state }) => state === "wrong");
    return {
      outcome: wrong ? "doctor-found" : "succeeded",
      seconds,
      findings,
      ...(wrong ? { exitCode: EXIT.failed } : {}),
    };
  },
};
