import { renderGraph } from "../graph.ts";
import type { PropertyDiff, Step, Value } from "../model.ts";
import { judge, VERDICT_WORDS, type Verdict, type VerdictKind } from "../verdict.ts";
import { diffLines } from "./diff-lines.ts";
import { code, cutEnd, fence, link, prose, safeUrl, words } from "./escape.ts";
import { Room } from "./room.ts";
import {
  approvedNote,
  costFold,
  costText,
  edgeTable,
  failureBlock,
  fold,
  hazardAlert,
  outcomeNote,
  warningsFold,
} from "./stack-section.ts";
import { stepsTable } from "./steps-table.ts";
import type { CommentView, StackView } from "./view.ts";
import {
  countSteps,
  countsSentence,
  duration,
  number,
  plural,
  stepsForPeople,
  time,
  typeWords,
} from "./words.ts";

/** How long the text may be, and in which unit. */
export interface Limit {
  most: number;
  measure(text: string): number;
  /** Hidden first line, by which a comment is found again. */
  marker?: string;
}

export interface Rendered {
  markdown: string;
  /** Something had no room and stands only in the artifact. */
  cut: boolean;
}

/** Room kept for the sentence that says what was cut: one a stack, without its link. */
const CUT_NOTE = 300;
/** With more stacks, the link to the whole report stands in the foot only. */
const MOST_REPORT_LINKS = 5;
const MOST_STACKS = 60;
const MOST_ROWS = 400;
const FEWEST_ROWS = 10;
const MOST_OUTPUTS_CHARACTERS = 6_000;

/**
 * Puts a comment together. What matters most takes its room first (verdicts, failures, hazards, the edge, rows, outputs
 * and costs, property diffs from the smallest to the largest, the graph), then all stands in the order of reading.
 */
export function compose(view: CommentView, limit: Limit): Rendered {
  const stacks = view.stacks.map((stack) => ({ view: stack, verdict: judge(stack) }));
  const shown = [...stacks]
    .sort((a, b) => severity(b.verdict.kind) - severity(a.verdict.kind))
    .slice(0, MOST_STACKS);
  const sections = stacks
    .filter((stack) => shown.includes(stack))
    .map(({ view, verdict }) => new Section(view, verdict));
  const top = [
    ...(limit.marker ? [limit.marker] : []),
    title(stacks.map(({ verdict }) => verdict.kind)),
    ...(view.outcome ? [outcomeNote(view.outcome)] : []),
    ...(view.notes ?? []).slice(0, 10).map((note) => `> ${prose(note, 400)}`),
    summaryTable(sections, stacks.length),
  ];
  const foot = footOf(view, sections);

  const room = new Room(limit.most, limit.measure);
  for (const text of [...top, foot, ...sections.map((section) => section.head)])
    room.reserve(limit.measure(text) + 2);
  const report = safeUrl(view.artifactUrl);
  const reportInStacks = sections.length <= MOST_REPORT_LINKS ? report : undefined;
  room.reserve(
    sections.length * (CUT_NOTE + (reportInStacks?.length ?? 0)) + (report ? report.length + 50 : 0),
  );
  let cut = stacks.length > sections.length;

  for (const section of sections) section.take(room, "failure", failureBlock(section.view));
  for (const section of sections) section.takeHazards(room);
  for (const section of sections) section.take(room, "edge", edgeTable(section.view.edge ?? []));
  const rows = Math.max(FEWEST_ROWS, Math.floor(MOST_ROWS / Math.max(1, sections.length)));
  for (const section of sections) section.takeRows(room, rows);
  for (const section of sections) section.take(room, "warnings", warningsFold(section.view));
  for (const section of sections)
    if (section.view.cost && section.verdict.kind !== "will-fail")
      section.take(room, "cost", costFold(section.view.cost));
  for (const section of sections) section.takeOutputs(room);
  sections.forEach((section, index) => {
    section.takeDiffs(room, Math.floor(room.left / (sections.length - index)));
  });
  if (view.graph !== false) for (const section of sections) section.takeGraph(room);
  cut ||= sections.some((section) => section.isCut);

  const end = cut && report ? `<sub>${link("Whole report", report)}</sub>\n\n${foot}` : foot;
  const markdown = [...top, ...sections.map((section) => section.text(reportInStacks)), end].join("\n\n");
  // A limit so small that not even the summary fits is met all the same.
  const shorter = [[...top, end], [...top.slice(0, limit.marker ? 2 : 1), end], top.slice(0, 1)];
  const fits = [markdown, ...shorter.map((texts) => texts.join("\n\n"))].find(
    (text) => limit.measure(text) <= limit.most,
  );
  return { markdown: fits ?? "", cut: cut || fits !== markdown };
}

const SEVERITY: readonly VerdictKind[] = ["no-change", "safe", "needs-approval", "will-fail"];
const SIGNS: { readonly [kind in VerdictKind]: string } = {
  "no-change": "",
  safe: "✅ ",
  "needs-approval": "⚠️ ",
  "will-fail": "❌ ",
};

function severity(kind: VerdictKind): number {
  return SEVERITY.indexOf(kind);
}

function title(kinds: readonly VerdictKind[]): string {
  const worst = SEVERITY[Math.max(0, ...kinds.map(severity))] ?? "no-change";
  if (kinds.length === 0) return "### Preview: no stack was previewed";
  return `### Preview: ${VERDICT_WORDS[worst].toLowerCase()}`;
}

function summaryTable(sections: readonly Section[], all: number): string {
  if (sections.length === 0) return "";
  const withCost = sections.some(({ view }) => view.cost);
  const withEdge = sections.some(({ view }) => view.edge?.length);
  const columns: { head: string; align: string; cell(section: Section): string }[] = [
    { head: "Stack", align: ":--", cell: ({ view }) => `**${code(view.stack, 60)}**` },
    {
      head: "Verdict",
      align: ":--",
      cell: ({ verdict }) => unbroken(`${SIGNS[verdict.kind]}${verdict.words}`),
    },
    ...(["create", "update", "replace", "delete"] as const).map((operation) => ({
      head: `${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
      align: "--:",
      cell: ({ view }: Section) => {
        const count = countSteps(view.change)[operation];
        return count === 0 ? "–" : number(count);
      },
    })),
    ...(withEdge
      ? [
          {
            head: "Edge",
            align: "--:",
            cell: ({ view }: Section) => {
              const changed = (view.edge ?? []).filter(({ action }) => action !== "same").length;
              return changed === 0 ? "–" : number(changed);
            },
          },
        ]
      : []),
    ...(withCost
      ? [
          {
            head: "Cost a month",
            align: "--:",
            cell: ({ view, verdict }: Section) =>
              view.cost && verdict.kind !== "will-fail" ? unbroken(costText(view.cost)) : "–",
          },
        ]
      : []),
    { head: "Took", align: "--:", cell: ({ view }) => unbroken(duration(view.durationMs)) },
  ];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [
    row(columns.map(({ head }) => head)),
    row(columns.map(({ align }) => align)),
    ...sections.map((section) => row(columns.map(({ cell }) => cell(section)))),
  ].join("\n");
  return all > sections.length ? `${table}\n\nAnd ${plural(all - sections.length, "more stack")}.` : table;
}

/** Spaces that a narrow column does not break at. */
function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}

function footOf(view: CommentView, sections: readonly Section[]): string {
  const commit = link(code(view.commit.slice(0, 7)), view.commitUrl);
  const run = safeUrl(view.runUrl);
  const digests = sections
    .slice(0, 10)
    .flatMap(({ view: { stack, digest } }) =>
      digest ? [`${code(stack, 30)} ${code(digest.slice(0, 12))}`] : [],
    );
  const facts = [
    `For ${commit}`,
    prose(time(view.at), 60),
    ...(run ? [link("run", run)] : []),
    ...(digests.length > 0 ? [`digest of ${digests.join(", ")}`] : []),
  ];
  return `<sub>${facts.join(" · ")}</sub>`;
}

type Part = "failure" | "hazards" | "edge" | "steps" | "diffs" | "outputs" | "cost" | "warnings" | "graph";
const READING_ORDER: readonly Part[] = [
  "failure",
  "hazards",
  "steps",
  "diffs",
  "outputs",
  "edge",
  "cost",
  "graph",
  "warnings",
];

/** One stack's part of the comment, filled as far as there is room. */
class Section {
  readonly view: StackView;
  readonly verdict: Verdict;
  readonly head: string;
  readonly #steps: readonly Step[];
  readonly #parts = new Map<Part, string>();
  #rowsLeft: readonly Step[] = [];
  #diffsLeft = 0;
  #partsLeft = false;

  constructor(view: StackView, verdict: Verdict) {
    this.view = view;
    this.verdict = verdict;
    this.#steps = view.change ? stepsForPeople(view.change) : [];
    const sentence = countsOf(view, verdict);
    this.head = [
      `#### ${code(view.stack, 60)}: ${verdict.words.toLowerCase()}`,
      ...(view.outcome ? [outcomeNote(view.outcome, "This stack's change")] : []),
      ...(sentence ? [sentence] : []),
    ].join("\n\n");
  }

  get isCut(): boolean {
    return this.#rowsLeft.length > 0 || this.#diffsLeft > 0 || this.#partsLeft;
  }

  take(room: Room, part: Part, text: string | undefined): void {
    if (!text) return;
    if (room.take(text)) this.#parts.set(part, text);
    else this.#partsLeft = true;
  }

  takeHazards(room: Room): void {
    const { unapproved } = this.verdict;
    const approved = this.view.hazards.filter((hazard) => !unapproved.includes(hazard));
    const text = [
      ...(unapproved.length > 0 ? [hazardAlert(unapproved)] : []),
      ...(approved.length > 0 ? [approvedNote(approved)] : []),
    ].join("\n\n");
    this.take(room, "hazards", text);
  }

  takeRows(room: Room, most: number): void {
    if (this.#steps.length === 0) return;
    const wanted = this.#steps.slice(0, most);
    const table = stepsTable(wanted);
    const rows: string[] = [];
    if (room.take(table.head))
      for (const step of wanted) {
        const row = table.row(step);
        if (!room.take(row)) break;
        rows.push(row);
      }
    if (rows.length > 0) this.#parts.set("steps", [table.head, ...rows].join("\n"));
    this.#rowsLeft = this.#steps.slice(rows.length);
  }

  takeOutputs(room: Room): void {
    const outputs = this.view.change?.outputs ?? [];
    if (outputs.length === 0) return;
    const lines = within(diffLines(outputs), MOST_OUTPUTS_CHARACTERS);
    this.take(room, "outputs", fold(`Outputs: ${number(outputs.length)} to change`, fence("diff", lines)));
  }

  /** The smallest diffs first, so that what is cut are the few largest and not the many small ones. */
  takeDiffs(room: Room, share: number): void {
    const candidates = this.#steps
      .map((step, place) => ({ step, place, size: diffSize(step.diffs) }))
      .filter(({ step }) => step.diffs.length > 0)
      .sort((a, b) => a.size - b.size);
    if (candidates.length === 0) return;
    const wrapper = fold(`Properties of ${number(candidates.length)} resources`, "");
    const keep = Math.max(0, room.left - share);
    const blocks: { place: number; text: string }[] = [];
    if (room.take(wrapper, keep))
      for (const { step, place } of candidates) {
        const text = diffBlock(step);
        if (!room.take(text, keep)) break;
        blocks.push({ place, text });
      }
    this.#diffsLeft = candidates.length - blocks.length;
    if (blocks.length === 0) return;
    const body = blocks
      .sort((a, b) => a.place - b.place)
      .map(({ text }) => text)
      .join("\n\n");
    this.#parts.set(
      "diffs",
      fold(
        blocks.length === 1
          ? "Properties of one resource"
          : `Properties of ${number(blocks.length)} resources`,
        body,
      ),
    );
  }

  takeGraph(room: Room): void {
    const graph = renderGraph(this.view.change?.steps ?? [], this.view.dependents);
    if (!graph) return;
    const text = fold("What changes, and what depends on it", fence("mermaid", [graph]));
    // Nobody misses a picture: leaving it out is no cut.
    if (room.take(text)) this.#parts.set("graph", text);
  }

  text(report: string | undefined): string {
    const parts = READING_ORDER.flatMap((part) => this.#parts.get(part) ?? []);
    return [this.head, ...parts, ...(this.isCut ? [this.#cutNote(report)] : [])].join("\n\n");
  }

  #cutNote(report: string | undefined): string {
    const rest = this.#rowsLeft.length;
    const missing = [
      ...(rest > 0 ? [`${plural(rest, "more step")}${byOperation(this.#rowsLeft)}`] : []),
      ...(this.#diffsLeft > 0 ? [`the properties of ${plural(this.#diffsLeft, "resource")}`] : []),
      ...(this.#partsLeft && rest === 0 && this.#diffsLeft === 0 ? ["details"] : []),
    ].join(", and ");
    return `> And ${missing}: ${report ? `too long for here, all in the ${link("whole report", report)}.` : "too long for here."}`;
  }
}

/** A preview that failed has not seen the whole change: what it saw is no promise. */
function countsOf({ change }: StackView, { kind }: Verdict): string {
  if (!change) return "";
  if (kind !== "will-fail") return countsSentence(change);
  return change.steps.length > 0 ? `Before it failed, the preview saw: ${countsSentence(change)}` : "";
}

function byOperation(steps: readonly Step[]): string {
  const counts = new Map<string, number>();
  for (const { operation } of steps) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  return ` (${[...counts].map(([operation, count]) => `${number(count)} ${operation}`).join(", ")})`;
}

function diffBlock(step: Step): string {
  const kind = [step.operation, words(typeWords(step.type), 60)].join(" · ");
  return `**${code(step.name, 60)}** · ${kind}\n\n${fence("diff", diffLines(step.diffs))}`;
}

/** An estimate that looks at no more of a value than would be shown. */
function diffSize(diffs: readonly PropertyDiff[]): number {
  let size = 0;
  for (const diff of diffs) {
    size += diff.path.length + valueSize(diff.before, 2_000) + valueSize(diff.after, 2_000);
    if (size > 50_000) break;
  }
  return size;
}

function valueSize(value: Value | undefined, most: number): number {
  if (typeof value === "string") return Math.min(most, value.length);
  if (typeof value !== "object" || value === null) return 8;
  let size = 4;
  for (const [key, member] of Object.entries(value)) {
    size += key.length + valueSize(member, most - size);
    if (size >= most) return most;
  }
  return size;
}

function within(lines: readonly string[], most: number): string[] {
  let room = most;
  const kept: string[] = [];
  for (const line of lines) {
    room -= line.length + 1;
    if (room < 0) {
      kept.push(cutEnd(`# … and ${number(lines.length - kept.length)} more lines`, 60));
      break;
    }
    kept.push(line);
  }
  return kept;
}
