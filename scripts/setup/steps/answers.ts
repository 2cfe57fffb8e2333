import { home, pulumiOrganization, pulumiToken } from "../questions/home.ts";
import { QUESTIONS } from "../questions.ts";
import type { Step } from "../step.ts";

const OF_PULUMI = [pulumiToken, pulumiOrganization];

export const answersStep: Step = {
  name: "answers",
  title: "Your accounts, and what you want",
  purpose:
    "Everything that only you know comes first. Each token is tried at its provider at once; nothing is made before all of them fit.",
  async find(bench) {
    for (const question of QUESTIONS) {
      const needless = OF_PULUMI.includes(question) && (await bench.ask(home)) !== "pulumi";
      if (!needless) await bench.ask(question);
    }
    return [];
  },
};
