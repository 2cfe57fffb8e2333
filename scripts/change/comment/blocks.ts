import type { Comparison, StepDifference } from "../compare-changes.ts";
import { approvalLabel } from "../hazards/index.ts";
import { likelyCause } from "../likely-cause.ts";
import type { Cost, CostLine, Diagnostic, EdgeChange, Hazard } from "../model.ts";
import { dollars, dollarsMore } from "../money.ts";
import { code, cutEnd, fence, link, prose, safeUrl, words } from "./escape.ts";
import type { DatabaseBranch, Outcome, StackView } from "./view.ts";
import { edgeWords, number, plural, time } from "./words.ts";

/** A fold that is closed until a reader opens it. The empty lines make GitHub read the inside as Markdown. */
export function fold(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

const MOST_HAZARDS = 15;

/** What nobody has allowed yet, as a warning that can't be overlooked. */
export function hazardAlert(hazards: readonly Hazard[]): string {
  const lines = hazards
    .slice(0, MOST_HAZARDS)
    .flatMap((hazard) => [
      ">",
      `> **${prose(hazard.rule, 60)}** on ${code(hazard.resource, 60)}: ${prose(hazard.what, 400)}`,
      `> *Instead:* ${prose(hazard.avoid, 300)}`,
      `> *To allow it:* label ${code(approvalLabel(hazard), 60)}`,
    ]);
  const more = hazards.length - MOST_HAZARDS;
  return [
    "> [!CAUTION]",
    `> ${hazards.length === 1 ? "One step needs" : `${number(hazards.length)} steps need`} the approval of someone with write access, for this very change.`,
    ...hardBreaks(lines),
    ...(more > 0 ? [">", `> And ${number(more)} more.`] : []),
  ].join("\n");
}

/** Lines that follow each other in one paragraph get a break. */
function hardBreaks(lines: readonly string[]): string[] {
  return lines.map((line, index) => {
    const next = lines[index + 1];
    return line !== ">" && next !== undefined && next !== ">" ? `${line}<br>` : line;
  });
}

/** What somebody has allowed already. */
export function approvedNote(hazards: readonly Hazard[]): string {
  const named = hazards
    .slice(0, MOST_HAZARDS)
    .map((hazard) => `**${prose(hazard.rule, 60)}** on ${code(hazard.resource, 60)}`);
  const more = hazards.length - named.length;
  return `> [!NOTE]\n> Allowed: ${named.join(", ")}${more > 0 ? ` and ${number(more)} more` : ""}.`;
}

const LONGEST_ERROR = 4_000;

/** Why the preview failed or the update would: what was said, what it likely means, what to do. */
export function failureBlock(view: StackView): string | undefined {
  const errors = (view.change?.diagnostics ?? []).filter(({ severity }) => severity === "error");
  if (!view.failure && errors.length === 0) return undefined;
  const said = [...(view.failure ? [view.failure.message] : []), ...errors.map(diagnosticText)]
    .filter(
      (message, index, all) =>
        !all.some(
          (other, place) =>
            place !== index && other.includes(message) && (other !== message || place < index),
        ),
    )
    .join("\n\n");
  const guess = likelyCause(said);
  const cause = view.failure?.cause ?? guess?.cause;
  const fix = view.failure?.fix ?? guess?.fix;
  return [
    "> [!WARNING]",
    `> **The preview of ${code(view.stack, 60)} failed.**${cause ? ` ${prose(cause)}` : ""}`,
    ...(fix ? [">", `> *What to do:* ${prose(fix)}`] : []),
    "",
    fence("text", [cutEnd(said.trim(), LONGEST_ERROR)]),
  ].join("\n");
}

const LONGEST_WARNINGS = 3_000;

export function warningsFold(view: StackView): string | undefined {
  const warnings = (view.change?.diagnostics ?? []).filter(({ severity }) => severity === "warning");
  if (warnings.length === 0) return undefined;
  const text: string[] = [];
  let room = LONGEST_WARNINGS;
  for (const warning of warnings) {
    const message = diagnosticText(warning);
    if (message.length > room) {
      text.push(`… and ${number(warnings.length - text.length)} more`);
      break;
    }
    room -= message.length;
    text.push(message);
  }
  return fold(plural(warnings.length, "warning"), fence("text", [text.join("\n\n")]));
}

function diagnosticText({ urn, message }: Diagnostic): string {
  const name = urn?.split("::").slice(3).join("::");
  return name ? `${name}: ${message}` : message;
}

const MOST_EDGE_ROWS = 40;

/** Workers, sites and the image: what the deploy would do at the edge, and where to look at it now. */
export function edgeTable(edge: readonly EdgeChange[]): string | undefined {
  if (edge.length === 0) return undefined;
  const same = edge.filter(({ action }) => action === "same");
  const changed = edge.filter(({ action }) => action !== "same");
  const previews = changed.some((change) => safeUrl(change.previewUrl));
  const rows = changed.slice(0, MOST_EDGE_ROWS).map((change) => {
    const versions = [change.before, change.after].filter((version) => version !== undefined);
    const url = safeUrl(change.previewUrl);
    const version = versions.map((one) => code(one, 40)).join(" → ");
    return `| ${change.action === "remove" ? "**remove**" : change.action} | ${code(change.name, 60)} | ${edgeWords(change)} | ${version} |${previews ? ` ${url ? link("look at it", url) : ""} |` : ""}`;
  });
  const more = changed.length - rows.length;
  const names = same.slice(0, 8).map(({ name }) => code(name, 40));
  const others = same.length - names.length;
  const unchanged =
    same.length > 0
      ? `Unchanged at the edge: ${names.join(", ")}${others > 0 ? ` and ${number(others)} more` : ""}.`
      : "";
  return [
    ...(rows.length > 0
      ? [
          [
            `| Edge | Name | | Version |${previews ? " Preview |" : ""}`,
            `| :-- | :-- | :-- | :-- |${previews ? " :-- |" : ""}`,
            ...rows,
          ].join("\n"),
        ]
      : []),
    ...(more > 0 ? [`And ${number(more)} more at the edge.`] : []),
    ...(unchanged ? [unchanged] : []),
  ].join("\n\n");
}

/** The pull request's own database, and where those who may find out how to connect to it. */
export function databaseLine({ name, parent, project, url, until }: DatabaseBranch): string {
  const page = safeUrl(url);
  const ask = `npx neonctl connection-string ${name} --project-id ${project}`;
  return `Database of this pull request: ${code(name, 40)}, a branch of ${code(parent, 40)}. Connection string: ${page ? `${link("at Neon", page)}, or ` : ""}${code(ask, 200)}. It goes when the pull request is closed or the label taken away; without another preview on ${prose(until.slice(0, 10), 20)}.`;
}

const MOST_COST_LINES = 20;

export function costFold(cost: Cost): string | undefined {
  const lines = cost.lines.filter(({ beforeCents, afterCents }) => beforeCents !== 0 || afterCents !== 0);
  if (lines.length === 0 && !cost.unpriced?.length) return undefined;
  lines.sort(
    (a, b) =>
      Number(b.beforeCents !== b.afterCents) - Number(a.beforeCents !== a.afterCents) ||
      b.afterCents - a.afterCents,
  );
  const rows = lines.slice(0, MOST_COST_LINES).map((line) => {
    const difference = line.afterCents - line.beforeCents;
    return `| ${costLabel(line)} | ${cents(line.beforeCents)} | ${cents(line.afterCents)} | ${difference === 0 ? "" : centsMore(difference)} |`;
  });
  const rest = lines.slice(MOST_COST_LINES);
  if (rest.length > 0) {
    const sum = (side: "beforeCents" | "afterCents") => rest.reduce((total, line) => total + line[side], 0);
    rows.push(
      `| ${number(rest.length)} more | ${cents(sum("beforeCents"))} | ${cents(sum("afterCents"))} | ${centsMore(sum("afterCents") - sum("beforeCents"))} |`,
    );
  }
  const unpriced = cost.unpriced ?? [];
  const missing =
    unpriced.length > 0
      ? `\n\nNot in the sum: ${unpriced
          .slice(0, 5)
          .map((line) => code(line))
          .join("; ")}${unpriced.length > 5 ? ` and ${number(unpriced.length - 5)} more` : ""}.`
      : "";
  return fold(
    `Cost a month: ${costText(cost)}`,
    `| | Now | Then | |\n| :-- | --: | --: | --: |\n${rows.join("\n")}\n\n<sub>${prose(cost.source)}. Traffic and what is billed by use come on top.</sub>${missing}`,
  );
}

/** The resource's name as code, what is paid for as prose. */
function costLabel({ urn, label }: CostLine): string {
  const name = urn.split("::").slice(3).join("::");
  if (name === "" || !label.startsWith(`${name}: `)) return words(label);
  return `${code(name, 60)} ${words(label.slice(name.length + 2))}`;
}

export function costText({ beforeCents, afterCents }: Cost): string {
  if (beforeCents === afterCents) return money(dollars(afterCents));
  return money(`${dollars(beforeCents)} → ${dollars(afterCents)}`);
}

function cents(amount: number): string {
  return money(dollars(amount));
}

function centsMore(amount: number): string {
  return money(dollarsMore(amount));
}

/** Two dollar signs on a line would make GitHub set what is between them as mathematics. */
function money(text: string): string {
  return text.replaceAll("$", "&#36;");
}

/** What became of the preview, with the run that tells more. */
export function outcomeNote(outcome: Outcome, subject = "This change"): string {
  const { kind, tone } = {
    applied: { kind: "was applied", tone: "NOTE" },
    stopped: { kind: "was stopped; nothing was touched", tone: "WARNING" },
    failed: { kind: "was begun and did not get to its end", tone: "CAUTION" },
    closed: { kind: "is closed and can't be applied any more", tone: "NOTE" },
    outdated: { kind: "is outdated", tone: "NOTE" },
    merged: { kind: "is merged; its deployment follows", tone: "NOTE" },
    candidate: { kind: "is a release candidate", tone: "TIP" },
  }[outcome.kind];
  const run = safeUrl(outcome.runUrl);
  const facts = [run ? link("run", run) : "", outcome.at ? prose(time(outcome.at), 60) : ""].filter(Boolean);
  const said = `> [!${tone}]\n> ${subject} ${kind}${outcome.with === undefined ? "" : `, together with #${outcome.with}`}.${outcome.why ? ` ${prose(outcome.why)}` : ""}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`;
  return [said, ...differenceLines(outcome.comparison)].join("\n>\n");
}

const MOST_DIFFERENCES = 20;

/** Each step in which the change is another one than what was reviewed, as paragraphs of the note. */
function differenceLines(comparison: Comparison | undefined): string[] {
  if (!comparison || comparison.same) return [];
  const named = comparison.differences
    .slice(0, MOST_DIFFERENCES)
    .map((difference) => `> ${differenceText(difference)}`);
  const more = comparison.differences.length - named.length;
  return [
    ...(named.length > 0 ? [hardBreaks(named).join("\n")] : []),
    ...(more > 0 ? [`> And ${plural(more, "more step")}.`] : []),
    ...(comparison.outputs ? ["> The stack's outputs change to other values."] : []),
    ...(comparison.unnamed ? ["> Steps differ that are too many to be named here."] : []),
  ];
}

function differenceText({ urn, kind, reviewed, now }: StepDifference): string {
  const name = code(urn.split("::").slice(3).join("::") || urn, 60);
  switch (kind) {
    case "new":
      return `${name}: ${now}, which was not reviewed`;
    case "gone":
      return `${name}: the reviewed ${reviewed} is not to be done any more`;
    case "other":
      return reviewed === now
        ? `${name}: ${now} with other values`
        : `${name}: ${now} instead of ${reviewed}`;
  }
}
