import { UserError } from "../../errors.ts";
import { repositoryFacts } from "../facts/github.ts";
import type { Step } from "../step.ts";

export const repositoryStep: Step = {
  name: "repository",
  title: "The repository at GitHub",
  purpose: "It is where the workflows run; everything else is bound to it.",
  async find(bench) {
    const { full_name, default_branch } = await repositoryFacts(bench);
    if (default_branch !== "main")
      throw new UserError(
        "setup-branch",
        `The default branch of ${full_name} is ${default_branch}; the workflows deploy from main.`,
        "Rename it (Settings, General, Default branch), push, then run npm run setup again.",
      );
    return [];
  },
};
