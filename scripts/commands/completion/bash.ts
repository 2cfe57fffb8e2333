import type { Completed } from "./table.ts";

/** Completion for bash 3.2 and later, without the package bash-completion. */
export function bashCompletion(commands: readonly Completed[]): string {
  const options = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map((option) => `--${option.name}`).join(" ")}" ;;`,
  );
  const first = commands
    .filter(({ first }) => first.length > 0)
    .map(({ name, first }) => `    ${name}) words="${first.join(" ")}" ;;`);
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map((option) => `    "${name} --${option.name}") words="${option.choices.join(" ")}" ;;`),
  );
  return `quayside() { npm run --silent cli -- "$@"; }
_quayside() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(" ")}"
  elif [ "\${current#-}" != "$current" ]; then
    case "$command" in
${options.join("\n")}
    esac
  else
    case "$command $before" in
${values.join("\n")}
    esac
    if [ -z "$words" ] && [ "$COMP_CWORD" -eq 2 ]; then
      case "$command" in
${first.join("\n")}
      esac
    fi
  fi
  # shellcheck disable=SC2207 # mapfile is newer than the bash of macOS
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _quayside quayside
`;
}
