import { VERDICT_WORDS, type VerdictKind, worstVerdict } from "../verdict.ts";
import { costText } from "./blocks.ts";
import { code, link, prose, safeUrl, words } from "./escape.ts";
import type { Section } from "./section.ts";
import type { CommentView, Subject } from "./view.ts";
import { countSteps, duration, number, plural, time } from "./words.ts";

const SIGNS: { readonly [kind in VerdictKind]: string } = {
  "no-change": "",
  safe: "✅ ",
  "needs-approval": "⚠️ ",
  "will-fail": "❌ ",
};

/** The worst verdict of all, before everything else. */
export function title(kinds: readonly VerdictKind[], subject: Subject = "Preview"): string {
  const said = subject.startsWith("Release v") ? words(subject) : subject;
  if (kinds.length === 0) return `### ${said}: no stack was previewed`;
  return `### ${said}: ${VERDICT_WORDS[worstVerdict(kinds)].toLowerCase()}`;
}

/** A line a stack, of `all` that there are. */
export function summaryTable(sections: readonly Section[], all: number): string {
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

/** What the preview is of, when it was made, and where to read more. */
export function footOf(view: CommentView, sections: readonly Section[]): string {
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
