import type { Completed } from "./table.ts";

/** Completion for zsh, to be sourced after `compinit`. */
export function zshCompletion(commands: readonly Completed[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options, first }) => {
    const specs = options.map((option) => {
      const value = option.takesValue ? `:${option.name}:${action(option.choices)}` : "";
      return quote(`--${option.name}[${bracketed(option.words)}]${value}`);
    });
    const positional = first.length > 0 ? [quote(`1:what:(${first.join(" ")})`)] : [];
    return `    ${name}) _arguments ${[...positional, ...specs].join(" ")} ;;`;
  });
  return `quayside() { npm run --silent cli -- "$@" }
_quayside() {
  local -a commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
compdef _quayside quayside
`;
}

function action(choices: readonly string[]): string {
  return choices.length > 0 ? `(${choices.join(" ")})` : "_files";
}

/** Brackets and colons end a description. */
function bracketed(words: string): string {
  return words.replaceAll(/[[\]:\\]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
