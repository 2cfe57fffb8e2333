import { readProject } from "../../stack/stacks.ts";
import type { Command } from "../command.ts";
import { COMMANDS } from "../index.ts";
import { optionWords } from "../option-words.ts";

/** What a shell can offer for one command. */
export interface Completed {
  name: string;
  summary: string;
  options: { name: string; words: string; takesValue: boolean; choices: readonly string[] }[];
  /** What may stand first after the command's name. */
  first: readonly string[];
}

/** Every command, by its name. */
export async function completionTable(root: string): Promise<Completed[]> {
  const { stacks } = readProject(root);
  return Promise.all(
    Object.entries(COMMANDS)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(async ([name, { summary, load }]) => describe(name, summary, (await load()).command, stacks)),
  );
}

function describe(name: string, summary: string, command: Command, stacks: readonly string[]): Completed {
  const own = Object.entries(command.options).map(([option, { type }]) => ({
    name: option,
    words: optionWords(name, option) ?? "",
    takesValue: type === "string",
    choices: choicesOf(command.usage, option),
  }));
  const everywhere = ["json", "help"].map((option) => ({
    name: option,
    words: optionWords(name, option) ?? "",
    takesValue: false,
    choices: [],
  }));
  return {
    name,
    summary,
    options: [...own, ...everywhere],
    first: command.positionals[0] === "stack" ? stacks : firstChoices(command.usage),
  };
}

/** The usage names an option's choices: `--scope all|edge|app|infra`. */
function choicesOf(usage: string, option: string): string[] {
  return new RegExp(`--${option} ([\\w-]+(?:\\|[\\w-]+)+)`).exec(usage)?.[1]?.split("|") ?? [];
}

/** And those of the first argument: `new <worker|site>`. */
function firstChoices(usage: string): string[] {
  return /<([\w-]+(?:\|[\w-]+)+)>/.exec(usage)?.[1]?.split("|") ?? [];
}
