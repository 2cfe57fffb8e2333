import type { Completed } from "./table.ts";

/** Completion for fish 3.0 and later. */
export function fishCompletion(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, summary, options, first }) => [
    `complete -c quayside -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...(first.length > 0
      ? [
          `complete -c quayside -n ${quote(`__fish_seen_subcommand_from ${name}`)} -a ${quote(first.join(" "))}`,
        ]
      : []),
    ...options.map(({ name: option, words, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : takesValue ? " -r" : "";
      return `complete -c quayside -n ${quote(`__fish_seen_subcommand_from ${name}`)} -l ${option}${value} -d ${quote(words)}`;
    }),
  ]);
  return `function quayside
  npm run --silent cli -- $argv
end
complete -c quayside -f
${lines.join("\n")}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
