import { HAZARD_RULES } from "./index.ts";
import type { HazardRule } from "./rule.ts";
import { STATEFUL } from "./stateful.ts";

/** The documentation's page on hazards, made from the rules themselves. */
export function hazardPage(rules: readonly HazardRule[] = HAZARD_RULES): string {
  const kinds = Object.values(STATEFUL).map(
    ({ noun, label, lost, avoid, neverReplaced }) =>
      `| \`delete-${noun}\`${neverReplaced ? "" : `, \`replace-${noun}\``} | ${label} | ${lost} | ${avoid} |`,
  );
  return [
    "# Hazards",
    "",
    "A step that can lose data, stop a service, open a door or cost too much needs somebody's approval. Each has a name, such as",
    "`replace-server`, and the comment on the pull request says what would be lost and what to do instead.",
    "",
    "**For `dev`**: a label `allow:<hazard>:<resource>` on the pull request; the comment has it ready to copy. It counts when a",
    "person with write access has put it there, after the comment has shown this very change. A push that makes the change",
    "another one needs a new approval: take the label off and put it on again. The deployment looks who gave it and when, and",
    "stops before it touches anything where one is missing (`hazard-unapproved`).",
    "",
    "**For `prod`**: the plan of the release stops with the command that allows it, before the reviewers are asked. There is no pull",
    "request to label, so the approval is a word, `allow:<hazard>:<resource>@<digest>`: for another plan than the one with this",
    "digest it allows nothing. Then the reviewers of the GitHub Environment `prod` decide.",
    "",
    "**A rollback**, on any stack, is allowed by the same words: the input `allow` of its workflow, or `--allow` on a terminal.",
    "",
    "A stack's first deployment makes everything, and what it costs is no hazard then. The limits of the costs are",
    "`pipeline:monthlyIncrease` and `pipeline:monthlyLimit` in `infra/Pulumi.<stack>.yaml`.",
    "",
    "| Rule | Severity | What it looks for |",
    "| --- | --- | --- |",
    ...rules.map(({ rule, severity, about }) => `| \`${rule}\` | ${severity} | ${about} |`),
    "",
    "## What holds something",
    "",
    "| Hazards | Resource | What is lost | What to do instead |",
    "| --- | --- | --- | --- |",
    ...kinds,
    "",
    "## A rule of your own",
    "",
    "Add a file to `.rules/` whose default export is a `HazardRule`. It is loaded by being there, and this page is made anew by",
    "`npm test -- scripts/docs --update`. The folder has an example, `.rules/mail-records.ts`, with its test. The shortest one:",
    "",
    "```ts",
    'import type { HazardRule } from "../scripts/change/hazards/rule.ts";',
    "",
    "/** The team wants to know of every new server. */",
    "export default {",
    '  rule: "new-server",',
    '  severity: "cost",',
    '  about: "A server is created.",',
    "  ofStep: (step) =>",
    '    step.operation === "create" && step.type === "hcloud:index/server:Server"',
    '      ? [{ what: "Creates a server.", avoid: "Use one that is there." }]',
    "      : [],",
    "} satisfies HazardRule;",
    "```",
    "",
  ].join("\n");
}
