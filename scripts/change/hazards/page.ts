import { HAZARD_RULES } from "./index.ts";
import type { HazardRule } from "./rule.ts";
import { STATEFUL } from "./stateful.ts";

/** The documentation's page on hazards, made from the rules themselves. */
export function hazardPage(rules: readonly HazardRule[] = HAZARD_RULES): string {
  const kinds = Object.values(STATEFUL).map(
    ({ noun, label, lost, avoid }) =>
      `| \`delete-${noun}\`, \`replace-${noun}\` | ${label} | ${lost} | ${avoid} |`,
  );
  return [
    "# Hazards",
    "",
    "A step that can lose data, stop a service, open a door or cost too much needs somebody's approval: a label",
    "`allow:<hazard>:<resource>` on the pull request, put there by someone who may label it. The deployment of `dev` after",
    "the merge reads the labels as they are then, and stops before it touches anything where one is missing",
    "(`hazard-unapproved`). A label stays when a later push makes the change another one: read the comment again before",
    "you merge. A release to `prod` reads no labels: it waits for the reviewers of the GitHub Environment `prod`, who have",
    "the plan before them.",
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
    "Add a file to `scripts/change/hazards/` that exports a `HazardRule`, and a row to `HAZARD_RULES` in its `index.ts`:",
    "",
    "```ts",
    'import type { HazardRule } from "./rule.ts";',
    "",
    "/** The team wants to know of every new server. */",
    "export const newServer: HazardRule = {",
    '  rule: "new-server",',
    '  severity: "cost",',
    '  about: "A server is created.",',
    "  ofStep: (step) =>",
    '    step.operation === "create" && step.type === "hcloud:index/server:Server"',
    '      ? [{ what: "Creates a server.", avoid: "Use one that is there." }]',
    "      : [],",
    "};",
    "```",
    "",
  ].join("\n");
}
