import { styleText } from "node:util";
import { ABOUT, type Row } from "./cases.ts";
import { STOCK_IN_WORDS } from "./stock.ts";

/** The result for people: rows, the aims, and what was compared with what. */
export function renderTable(
  rows: readonly Row[],
  { runs, latencyMs, stream }: { runs: number; latencyMs: number; stream: NodeJS.WriteStream },
): string {
  const paint = (format: "bold" | "dim" | "green" | "yellow", text: string) =>
    styleText(format, text, { stream, validateStream: true });
  const cells = rows.map((row) => [
    ABOUT[row.case].title,
    String(row.workers),
    `${row.ours_s.toFixed(1)} s`,
    `${row.stock_s.toFixed(1)} s`,
    `${row.ratio.toFixed(1)}×`,
    `${row.ours_mb} / ${row.stock_mb} MB`,
  ]);
  const heads = ["case", "workers", "ours", "stock", "ratio", "memory, ours / stock"];
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");

  const aims = aimsOf(rows).map(
    ({ text, missed }) =>
      `  ${missed.length === 0 ? paint("green", "met    ") : paint("yellow", "not met")}  ${text}${missed.length === 0 ? "" : paint("dim", `  (${missed.join(", ")})`)}`,
  );
  return [
    "",
    paint("bold", line(heads)),
    ...cells.map(line),
    "",
    ...aims,
    "",
    ...wrap(
      `Medians of ${runs} interleaved ${runs === 1 ? "run" : "runs"}, each of whole processes from start to end, every call to a cloud ${latencyMs} ms longer. ` +
        "Memory is the largest sum of resident memory of all processes at one moment. " +
        "Ours: one process of the CLI without npm and without Node's compile cache, as on a fresh runner; its verification from outside counts, against it.",
    ),
    ...wrap(`Stock: ${STOCK_IN_WORDS}`),
    "",
  ].join("\n");
}

/** Each aim that the rows speak of, with the rows that miss it. */
function aimsOf(rows: readonly Row[]): { text: string; missed: string[] }[] {
  const aims = Object.entries(ABOUT).flatMap(([name, { title, aim }]) => {
    const own = rows.filter((row) => row.case === name);
    if (aim === undefined || own.length === 0) return [];
    const missed = own.filter((row) => row.ratio < aim);
    return [
      {
        text: `${title}: at least ${aim} times as fast`,
        missed: missed.map((row) => `${row.workers} Workers: ${row.ratio.toFixed(1)}×`),
      },
    ];
  });
  const heavier = rows.filter((row) => row.ours_mb > row.stock_mb);
  return [
    ...aims,
    {
      text: "peak memory: not above stock",
      missed: heavier.map((row) => `${row.case}, ${row.workers}: +${row.ours_mb - row.stock_mb} MB`),
    },
  ];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length > 108) {
      lines.push(line);
      line = "";
    }
    line += (line === "" ? "" : " ") + word;
  }
  return [...lines, line];
}
