import { renderGraph } from "../graph.ts";
import type { PropertyDiff, Step, Value } from "../model.ts";
import type { Verdict } from "../verdict.ts";
import { approvedNote, fold, hazardAlert, outcomeNote } from "./blocks.ts";
import { diffLines } from "./diff-lines.ts";
import { code, cutEnd, fence, link, words } from "./escape.ts";
import type { Room } from "./room.ts";
import { stepsTable } from "./steps-table.ts";
import type { StackView } from "./view.ts";
import { countsSentence, number, plural, stepsForPeople, typeWords } from "./words.ts";

const MOST_OUTPUTS_CHARACTERS = 6_000;

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
export class Section {
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
