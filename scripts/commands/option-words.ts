/** What an option means, for `--help` and the shells' completion; one that means the same everywhere is said once. */
const WORDS: Record<string, string> = {
  "after-deployment": "the check that follows a deployment: say what was found, and fail nothing by it",
  actions: "play the workflow files as they are, by act",
  all: "play every chapter",
  allow:
    "hazards that you allow, in the words of the run that was stopped, allow:<hazard>:<resource>@<digest>",
  answers: "take the answers from this file instead of asking",
  base: "the template's commit that this repository began with, where it can't be found",
  chapter: "the chapter to play",
  confirm: "the stack's name, instead of being asked for it",
  check: "only say what is missing; change nothing",
  dir: "the folder for worlds, evidence and report; begins with .rehearsal",
  "dry-run": "only show what would change",
  finish: "take the old value out, where both counted for a while",
  fix: "start the deployment that undoes what was found",
  from: "the backup to bring back",
  help: "show this",
  json: "print one JSON document on stdout",
  keep: "leave the clouds running when the last scene is over",
  out: "the folder for the previews as files",
  plugins: "the providers: stand-ins, or Pulumi's own plugins against the same clouds",
  preview: "the secret of previews, which only reads",
  project: "the project that gets it; the one at the root without it",
  questions: "print the questions with their explanations, and end",
  refresh: "let the state take note of changes by hand first, so that the update puts them back",
  "restore-database": "bring the database back to its restore point too; asks for --confirm",
  scene: "the last scene to play",
  scope: "what to bring back",
  stack: "the stack",
  to: "the release to go back to, by its id or tag; the one before the current without it",
  unreviewed: "deploy also where the change is not what was reviewed",
  vm: "boot a real machine for each server",
  yes: "do it without asking first",
  "verify-limit": "how many seconds the release has to answer right",
};

/** Options that mean something else at one command. */
const OTHERWISE: Record<string, string> = {
  "intake all": "all messages instead of one",
  "upgrade check": "only say what is new and what would conflict; change nothing",
  "upgrade from": "the template's address, where nobody has written it down yet",
};

/** @returns undefined for an option that nobody has described yet */
export function optionWords(command: string, option: string): string | undefined {
  return OTHERWISE[`${command} ${option}`] ?? WORDS[option];
}
