import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Question } from "../setup/question.ts";
import { QUESTIONS } from "../setup/questions.ts";
import { STEPS } from "../setup/steps.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** docs/knowledge/playbook/infrastructure-setup.md, from the questions, the steps and the refusals of the set-up itself. */
export function setupGuide(): string {
  const refusals = sources().flatMap((source) => refusalsIn(source));
  const errors = sources().flatMap((source) => errorsIn(source));
  return `# Setting the infrastructure up

From the template to a repository that deploys, with \`npm run setup\`. This page is made from what the set-up asks, does and
refuses; after a change there it is written anew with \`npm test -- scripts/docs --update\`.

You need a domain at Cloudflare, an account at Hetzner Cloud, one at Pulumi Cloud (or none: GitHub keeps the secrets then), and your
repository at GitHub, made with *Use this template*. [What it costs](../../costs.md).

## How it goes

\`\`\`sh
npm run setup                             # asks, shows each step before it is done, can be stopped and gone on with
npm run setup -- --check                  # only says what is missing; changes nothing
npm run setup -- --questions              # all questions, for an answers file
npm run setup -- --answers answers.yaml   # without a terminal
\`\`\`

Every step looks first what is there, says what it would do, does it after your yes, and looks again. So it can be run at any
time, and goes on where it stopped. Answers are kept in \`.setup/\`, which git ignores; secrets are not written down there.

## What it asks

${QUESTIONS.length} questions at most; what can be found is not asked.

${QUESTIONS.map(screen).join("\n\n")}

## What it does

| step | what for |
|---|---|
${STEPS.map(({ title, purpose }) => `| ${title} | ${cell(purpose)} |`).join("\n")}

When all of it is done, what is left is a pull request with the stacks' files. Merging it brings \`dev\` up; the first tag brings
\`prod\` up:

\`\`\`sh
git switch -c setup
git commit -a -m 'Set up for our own domain'
git push origin setup
git tag v1.0.0
git push origin v1.0.0
\`\`\`

## When an answer is refused

Each token is tried at once, at the real API. These are the words, with … for what differs:

${refusals.map((words) => `- ${words}`).join("\n")}

## When a step stops

| code | what is said | what to do |
|---|---|---|
${errors.map(({ code, message, fix }) => `| \`${code}\` | ${cell(message)} | ${cell(fix)} |`).join("\n")}

The other codes are in [the playbook](../../playbook.md#outcomes-by-code).
`;
}

function screen({ name, text, purpose, link, choices, secret, optional, find, suggest }: Question): string {
  const marks = [
    secret && "secret: neither shown nor written down",
    optional && "may be left out",
    find && "found where it can be",
    suggest && "has a suggestion",
  ].filter(Boolean);
  return [
    `### ${text}`,
    "",
    cell(purpose),
    "",
    ...(choices ?? []).map(({ value, text: label }) => `- \`${value}\`: ${label}`),
    ...(choices ? [""] : []),
    ...(link ? [`Where: ${link.replace(/https:\/\/[^\s),]+/g, "<$&>")}`, ""] : []),
    `In an answers file: \`${name}\`${marks.length > 0 ? ` (${marks.join("; ")})` : ""}.`,
  ].join("\n");
}

function sources(): string[] {
  const folder = join(ROOT, "scripts", "setup");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|(^|\/)testing\//.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

function refusalsIn(source: string): string[] {
  return [...source.matchAll(/wrong: true,\s*text:\s*(?=[`"])/g)].map(({ index, 0: found }) =>
    cell(literalAt(source, index + found.length).text),
  );
}

function errorsIn(source: string): { code: string; message: string; fix: string }[] {
  return [...source.matchAll(/new UserError\(\s*"([a-z-]+)",\s*(?=[`"])/g)].flatMap(
    ({ index, 0: found, 1: code = "" }) => {
      const message = literalAt(source, index + found.length);
      const between = /^\s*,\s*(?=[`"])/.exec(source.slice(message.end));
      if (!between) return [];
      return [{ code, message: message.text, fix: literalAt(source, message.end + between[0].length).text }];
    },
  );
}

/** The words of the string literal that begins there, with … for what is known only when it happens. */
function literalAt(source: string, start: number): { text: string; end: number } {
  const quote = source[start];
  let text = "";
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === quote) return { text, end: at + 1 };
    if (source[at] === "\\") {
      at += 1;
      text += source[at] === "n" ? " " : source[at];
    } else if (quote === "`" && source.startsWith("${", at)) {
      at = endOfExpression(source, at + 2);
      text += "…";
    } else text += source[at];
  }
  throw new Error("A string literal has no end");
}

/** Where the brace stands that ends an expression in a template; literals inside may hold braces of their own. */
function endOfExpression(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at] ?? "";
    if ("`\"'".includes(character)) at = literalAt(source, at).end - 1;
    else if (character === "{") depth += 1;
    else if (character === "}" && depth === 0) return at;
    else if (character === "}") depth -= 1;
  }
  throw new Error("An expression has no end");
}

function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;")
    .replaceAll(/\s*\n\s*/g, " ");
}
