import { STARTED_BY_HAND } from "../rehearsal/story/actions/by-hand.ts";
import { AT_A_TERMINAL } from "../rehearsal/story/setup/terminal.ts";
import { IN_CLONE } from "../rehearsal/terminal/in-clone.ts";

/** Where a command line of the documentation is executed. */
export type Execution =
  /** Typed as it stands by that file, which takes it from the list that it is in. */
  | { typedBy: string }
  /** Issued by that file: one of its lists of arguments has these, one after the other; {@link ANY} among them. */
  | { issuedBy: string; argv: readonly string[] }
  /** A step of every check: that file of the repository has the line. */
  | { stepOf: string }
  /** The longer line has it and more, and is executed. */
  | { within: string }
  /** Nobody's: why no test can. */
  | { nowhere: string };

/** What is computed where a list of arguments is written down. */
export const ANY = "…";

const GH =
  "GitHub's own program talks to github.com, with the account of whoever is logged in; docs.test.ts checks its options";
const MINUTES =
  "plays for minutes: story.e2e.test.ts runs the same command for the first chapter, and docs.test.ts looks the named one up";

const TYPED: readonly (readonly [string, readonly { line: string }[]])[] = [
  ["scripts/rehearsal/terminal/in-clone.test.ts", IN_CLONE],
  ["scripts/rehearsal/story/setup/terminal.ts", AT_A_TERMINAL],
  ["scripts/rehearsal/story/actions/by-hand.ts", STARTED_BY_HAND],
];

/** Those that are no line of such a list. */
export const OTHERS: Readonly<Record<string, Execution>> = {
  "bash .ci/run": { stepOf: ".github/workflows/check.yml" },
  "npm test": { stepOf: ".ci/run" },
  "npm run lint": { stepOf: ".ci/run" },
  "npm run lint:workflows": { stepOf: ".ci/run" },
  "npm run types": { stepOf: ".ci/run" },
  "npm run test:e2e": { stepOf: ".ci/run" },
  "npm run rehearse": {
    issuedBy: "scripts/rehearsal/story.e2e.test.ts",
    argv: ["run", "--silent", "rehearse", "--", "--json"],
  },
  "npm run secrets -- rotate PULUMI_CONFIG_PASSPHRASE": {
    within: "npm run secrets -- rotate PULUMI_CONFIG_PASSPHRASE --stack prod",
  },
  "npm run clouds": { within: "npm run clouds -- --json" },
  "npm run load:intake": { within: "npm run load:intake -- --json" },
  "npm run rehearse -- --scene merge": { within: "npm run rehearse -- --scene merge --keep" },

  "npm run setup -- --check": {
    issuedBy: "scripts/rehearsal/story/setup/wizard.ts",
    argv: ["setup", "--check"],
  },
  "npm run setup -- --answers answers.yaml": {
    issuedBy: "scripts/rehearsal/story/setup/wizard.ts",
    argv: ["setup", "--answers", ANY],
  },
  "npm run doctor": { issuedBy: "scripts/rehearsal/story/setup/doctor.ts", argv: ["doctor"] },
  "npm run teardown -- <stack>": {
    issuedBy: "scripts/rehearsal/story/setup/teardown.ts",
    argv: ["teardown", ANY, "--confirm", ANY],
  },
  "npm run teardown -- dev": { within: "npm run teardown -- <stack>" },
  "npm run bench": {
    issuedBy: "scripts/bench/bench.e2e.test.ts",
    argv: ["--quick", "--json", "--case", "first-deploy"],
  },
  "python3 -m unittest discover -t . -s tests": {
    issuedBy: "workers/intake/django/django.test.ts",
    argv: ["-m", "unittest", "discover", "-t", ".", "-s", "tests"],
  },
  "npx wrangler r2 bucket lifecycle add intake-uploads-prod old-files --expire-days 90": {
    issuedBy: "scripts/rehearsal/clouds/cloudflare/wrangler.test.ts",
    argv: ["r2", "bucket", "lifecycle", "add", "intake-uploads-prod", "old-files", "--expire-days", "90"],
  },

  "npm run rehearse -- --all": { nowhere: MINUTES },
  "npm run rehearse -- --actions": { nowhere: MINUTES },
  "npm run rehearse -- --vm": { nowhere: MINUTES },
  "npm run rehearse -- --chapter edge": { nowhere: MINUTES },
  "npm run rehearse -- --chapter github-secrets": { nowhere: MINUTES },
  "npm run rehearse -- --chapter intake": { nowhere: MINUTES },
  "npm run rehearse -- --plugins real": {
    nowhere: "the real plugins come from Pulumi's download host alone",
  },
  "npm run torture": {
    nowhere: "takes hours: flows.test.ts plays one of its trials, matrix.test.ts counts them",
  },
  "npm run torture -- --later": {
    nowhere: "takes twenty minutes: change-server.test.ts plays one of its trials",
  },
  "gh run list --workflow deploy-dev.yml --limit 5": { nowhere: GH },
  "gh run list --workflow release-prod.yml --limit 5": { nowhere: GH },
  "gh run list --status in_progress": { nowhere: GH },
  "gh run view <run> --log-failed": { nowhere: GH },
  "gh run rerun <run> --failed": { nowhere: GH },
  "gh run rerun <run that was stopped>": { nowhere: GH },
  "gh run watch": { nowhere: GH },
  "gh run download <run> --name state-dev --dir backup": { nowhere: GH },
  "gh pr checkout <number>": { nowhere: GH },
  "gh pr create --head preview-<number> --fill": { nowhere: GH },
};

/** Every command line of the documentation, as it stands there, with where it is executed. */
export const EXECUTIONS: ReadonlyMap<string, Execution> = new Map<string, Execution>([
  ...TYPED.flatMap(([typedBy, lines]) => lines.map(({ line }) => [line, { typedBy }] as const)),
  ...Object.entries(OTHERS),
]);

/** Lines that have more than one entry. */
export function entriesTwice(): string[] {
  const lines = [...TYPED.flatMap(([, list]) => list.map(({ line }) => line)), ...Object.keys(OTHERS)];
  return lines.filter((line, index) => lines.indexOf(line) !== index);
}
