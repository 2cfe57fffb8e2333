import { styleText } from "node:util";
import { identifyCaller } from "../flows/environment.ts";
import { type HistoryRow, historyOf } from "../release/history.ts";
import { describeHold, holdOf } from "../release/rolled-back.ts";
import { readProject, requireStack } from "../stack/stacks.ts";
import type { Command } from "./command.ts";

/** As many as a screen has lines for. */
const SHOWN = 30;

export const command: Command = {
  usage: "releases -- <stack>",
  examples: ["npm run releases -- prod"],
  positionals: ["stack"],
  options: {},
  async run(context, { positionals }) {
    const stack = requireStack(readProject(context.root), positionals[0]);
    const releases = await identifyCaller(context).releases.list(stack, SHOWN);
    const hold = holdOf(releases[0]);
    context.reporter.say(
      releases.length === 0 ? `${stack} has no release yet.` : renderTable(historyOf(releases)),
    );
    if (hold)
      context.reporter.say(`\n${describeHold(stack, hold)} Deployments wait: npm run resume -- ${stack}`);
    return { outcome: "succeeded", releases };
  },
};

type Format = Parameters<typeof styleText>[0];
const COLUMNS: readonly {
  title: string;
  cell: (row: HistoryRow) => string;
  paint?: (row: HistoryRow) => Format;
}[] = [
  { title: "", cell: ({ isLive, failed }) => (isLive ? "●" : failed ? "✗" : " "), paint: tone },
  { title: "release", cell: ({ release }) => release, paint: ({ isLive }) => (isLive ? "bold" : "reset") },
  { title: "what", cell: ({ what }) => what, paint: tone },
  { title: "from", cell: ({ ref }) => ref },
  { title: "commit", cell: ({ commit }) => commit, paint: () => "dim" },
  { title: "new", cell: ({ changed }) => changed },
  { title: "image", cell: ({ image }) => image, paint: () => "dim" },
  { title: "by", cell: ({ by }) => by },
  { title: "finished (UTC)", cell: ({ at }) => at },
  { title: "took", cell: ({ took }) => took, paint: () => "dim" },
];

function tone({ failed, isLive, what }: HistoryRow): Format {
  if (failed) return "red";
  if (isLive) return "green";
  return what === "deployed" ? "reset" : "yellow";
}

function renderTable(rows: readonly HistoryRow[]): string {
  const paint = (format: Format, text: string) =>
    styleText(format, text, { stream: process.stderr, validateStream: true });
  const widths = COLUMNS.map(({ title, cell }) =>
    Math.max(title.length, ...rows.map((row) => cell(row).length)),
  );
  const head = COLUMNS.map(({ title }, column) => paint("dim", title.padEnd(widths[column] ?? 0)));
  const body = rows.map((row) =>
    COLUMNS.map(({ cell, paint: format }, column) => {
      const text = cell(row).padEnd(widths[column] ?? 0);
      return format ? paint(format(row), text) : text;
    }),
  );
  return [head, ...body].map((cells) => cells.join("  ").trimEnd()).join("\n");
}
