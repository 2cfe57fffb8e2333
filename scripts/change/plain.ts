import { visible } from "./comment/escape.ts";
import { valueText } from "./comment/value-text.ts";
import type { CommentView, StackView } from "./comment/view.ts";
import {
  changedProperties,
  countsSentence,
  duration,
  edgeWords,
  number,
  stepsForPeople,
  typeWords,
} from "./comment/words.ts";
import { approvalLabel } from "./hazards/index.ts";
import { likelyCause } from "./likely-cause.ts";
import type { Operation, Step } from "./model.ts";
import { dollars } from "./money.ts";
import { judge, VERDICT_WORDS, type VerdictKind } from "./verdict.ts";

export interface PlainOptions {
  /** With ANSI colours: for a terminal only. */
  color: boolean;
  /** Steps shown a stack; the rest is counted. */
  mostSteps?: number;
}

const SIGNS: { readonly [operation in Operation]: string } = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  import: "=",
  read: "·",
  refresh: "»",
};

const EDGE_SIGNS = { create: "+", update: "~", remove: "-", same: " " } as const;

type Tone = "red" | "green" | "yellow" | "dim" | "bold";
const CODES: { readonly [tone in Tone]: number } = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };
const VERDICT_TONES: { readonly [kind in VerdictKind]: Tone } = {
  "no-change": "dim",
  safe: "green",
  "needs-approval": "yellow",
  "will-fail": "red",
};
const OPERATION_TONES: { readonly [operation in Operation]: Tone } = {
  create: "green",
  import: "green",
  update: "yellow",
  replace: "red",
  delete: "red",
  read: "dim",
  refresh: "dim",
};

/** The same view for a terminal or a log: a line a stack, then what needs attention, then the steps. Ends with a line feed. */
export function renderPlain(view: CommentView, { color, mostSteps = 40 }: PlainOptions): string {
  const paint: Paint = (tone, text) => (color ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text);
  const stacks = view.stacks.map((stack) => ({ view: stack, verdict: judge(stack) }));
  const nameWidth = Math.max(0, ...stacks.map(({ view }) => clean(view.stack).length));
  const wordsWidth = Math.max(0, ...stacks.map(({ verdict }) => verdict.words.length));
  const lines = stacks.map(({ view: stack, verdict }) => {
    const isWhole = verdict.kind !== "will-fail";
    const facts = [
      ...(stack.change && isWhole ? [countsSentence(stack.change).slice(0, -1)] : []),
      ...(stack.cost && isWhole
        ? [`${costLine(stack.cost.beforeCents, stack.cost.afterCents)} a month`]
        : []),
      paint("dim", duration(stack.durationMs)),
    ];
    return [
      paint("bold", clean(stack.stack).padEnd(nameWidth)),
      paint(VERDICT_TONES[verdict.kind], VERDICT_WORDS[verdict.kind].toLowerCase().padEnd(wordsWidth)),
      facts.join("; "),
    ].join("  ");
  });
  for (const { view: stack, verdict } of stacks) {
    const body = [
      ...failureLines(stack, paint),
      ...verdict.unapproved.flatMap((hazard) => [
        `${paint("yellow", "!")} ${paint("bold", clean(hazard.rule))} ${clean(hazard.resource)}: ${clean(hazard.what)}`,
        `  instead: ${clean(hazard.avoid)}`,
        `  to allow it: label ${clean(approvalLabel(hazard))}`,
      ]),
      ...stepLines(stack, paint, mostSteps),
      ...(stack.edge ?? [])
        .filter(({ action }) => action !== "same")
        .map(
          (edge) =>
            `${EDGE_SIGNS[edge.action]} ${edge.action.padEnd(7)}  ${edgeWords(edge)} ${clean(edge.name)}${edge.previewUrl ? `  ${clean(edge.previewUrl)}` : ""}`,
        ),
    ];
    if (body.length > 0)
      lines.push("", paint("bold", clean(stack.stack)), ...body.map((line) => `  ${line}`));
  }
  if (view.database) lines.push("", `database of this pull request: branch ${clean(view.database.name)}`);
  return `${lines.map(uncommanded).join("\n")}\n`;
}

/** GitHub's runner obeys a log line that begins with `::`, or has `##[` anywhere (actions/runner, ActionCommand.cs). */
function uncommanded(line: string): string {
  return line.replace(/^(\s*:):/, "$1 :").replaceAll("##[", "# #[");
}

type Paint = (tone: Tone, text: string) => string;

function failureLines(stack: StackView, paint: Paint): string[] {
  const errors = (stack.change?.diagnostics ?? []).filter(({ severity }) => severity === "error");
  const messages = [
    ...(stack.failure ? [stack.failure.message] : []),
    ...errors.map(({ message }) => message),
  ];
  if (messages.length === 0) return [];
  const guess = likelyCause(messages.join("\n"));
  const cause = stack.failure?.cause ?? guess?.cause;
  const fix = stack.failure?.fix ?? guess?.fix;
  return [
    ...messages.slice(0, 5).flatMap((message) =>
      message
        .split("\n")
        .slice(0, 20)
        .map((line) => paint("red", visible(line))),
    ),
    ...(cause ? [clean(cause)] : []),
    ...(fix ? [`what to do: ${clean(fix)}`] : []),
  ];
}

function stepLines(stack: StackView, paint: Paint, most: number): string[] {
  const steps = stack.change ? stepsForPeople(stack.change) : [];
  const shown = steps.slice(0, most);
  const nameWidth = Math.min(40, Math.max(0, ...shown.map((step) => clean(step.name).length)));
  const typeWidth = Math.min(40, Math.max(0, ...shown.map((step) => typeWords(step.type).length)));
  const lines = shown.map((step) =>
    [
      paint(OPERATION_TONES[step.operation], `${SIGNS[step.operation]} ${step.operation.padEnd(7)}`),
      clean(step.name).padEnd(nameWidth),
      paint("dim", clean(typeWords(step.type)).padEnd(typeWidth)),
      changes(step),
    ]
      .join("  ")
      .trimEnd(),
  );
  return steps.length > shown.length ? [...lines, `and ${number(steps.length - shown.length)} more`] : lines;
}

function changes(step: Step): string {
  if (step.operation !== "update" && step.operation !== "replace") return "";
  const [only, ...others] = step.diffs;
  if (only?.kind === "change" && others.length === 0) {
    const text = `${only.path}: ${valueText(only.before, 30)} → ${valueText(only.after, 30)}`;
    if (text.length <= 60) return clean(text);
  }
  const names = changedProperties(step.diffs);
  const named = names
    .slice(0, 5)
    .map(({ name, replaces }) => `${clean(name)}${replaces ? " (replaces)" : ""}`);
  return `${named.join(", ")}${names.length > named.length ? ` and ${names.length - named.length} more` : ""}`;
}

function costLine(before: number, after: number): string {
  return before === after ? dollars(after) : `${dollars(before)} → ${dollars(after)}`;
}

/** One line without anything that a terminal would obey. */
function clean(text: string): string {
  return visible(text).replace(/\s+/g, " ");
}
