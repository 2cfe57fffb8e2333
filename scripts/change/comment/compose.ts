import { judge, severity } from "../verdict.ts";
import { costFold, databaseLine, edgeTable, failureBlock, outcomeNote, warningsFold } from "./blocks.ts";
import { link, prose, safeUrl } from "./escape.ts";
import { historyBlock } from "./history.ts";
import { Room } from "./room.ts";
import { Section } from "./section.ts";
import { footOf, summaryTable, title } from "./summary-table.ts";
import type { CommentView } from "./view.ts";

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
    title(
      stacks.map(({ verdict }) => verdict.kind),
      view.subject,
    ),
    ...(view.outcome ? [outcomeNote(view.outcome)] : []),
    ...(view.notes ?? []).slice(0, 10).map((note) => `> ${prose(note, 400)}`),
    summaryTable(sections, stacks.length),
    ...(view.database ? [databaseLine(view.database)] : []),
  ];
  const history = view.history ? historyBlock(view.history) : undefined;
  const foot = [...(history ? [history] : []), footOf(view, sections)].join("\n\n");

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
