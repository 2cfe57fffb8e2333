import type { Step } from "../../setup/step.ts";
import type { Check } from "../check.ts";

/** Whether a step of the set-up has anything left to do: a token that is refused, a policy that somebody has widened. */
export function setupStep(step: Step): Check {
  return {
    name: `setup-${step.name}`,
    about: step.title,
    async look(bench) {
      const actions = await step.find(bench);
      return actions.map(({ tells }) => ({
        level: "wrong" as const,
        text: `Left to do: ${tells}.`,
        fix: "npm run setup shows it and does it.",
      }));
    },
  };
}
