import { EXIT, UserError } from "../errors.ts";
import type { Command } from "./command.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { completionTable } from "./completion/table.ts";
import { zshCompletion } from "./completion/zsh.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export const command: Command = {
  usage: "completion -- <bash|zsh|fish>",
  examples: [
    'eval "$(npm run --silent completion -- bash)"',
    'eval "$(npm run --silent completion -- zsh)"',
    "npm run --silent completion -- fish | source",
  ],
  positionals: ["shell"],
  options: {},
  async run({ root, json }, { positionals: [shell = ""] }) {
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new UserError(
        "usage",
        shell === "" ? "No shell was named." : `There is no completion for ${shell}.`,
        `Name one of: ${Object.keys(SHELLS).join(", ")}.`,
        EXIT.usage,
      );
    }
    const script = SHELLS[shell as keyof typeof SHELLS](await completionTable(root));
    if (!json) process.stdout.write(script);
    return { outcome: "succeeded", ...(json ? { script } : {}) };
  },
};
