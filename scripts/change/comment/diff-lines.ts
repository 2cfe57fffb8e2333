import { parse as parseYaml } from "yaml";
import { align } from "../align.ts";
import { propertyDiffs } from "../diff.ts";
import { isSecret, isUnknown, type PropertyDiff, type Value } from "../model.ts";
import { cutMiddle } from "./escape.ts";
import { keyText, valueText } from "./value-text.ts";

/** What a reader can take in: beyond these the rest is counted. */
const LINE = 140;
const MOST_LINES_A_PROPERTY = 60;
const MOST_LINES_A_STEP = 240;
const CONTEXT = 2;
/** Longer texts are not compared line by line. */
const LONGEST_COMPARED = 200_000;

/** Property diffs as lines of a `diff` block: `+` added, `-` removed, `!` changed, everything else context. */
export function diffLines(diffs: readonly PropertyDiff[]): string[] {
  const lines: string[] = [];
  for (const [index, diff] of diffs.entries()) {
    if (lines.length >= MOST_LINES_A_STEP) {
      lines.push(`# … and ${(diffs.length - index).toLocaleString("en-US")} more properties`);
      break;
    }
    lines.push(...propertyLines(diff));
  }
  return lines;
}

function propertyLines(diff: PropertyDiff): string[] {
  const { before, after } = diff;
  const path = cutMiddle(diff.path, LINE);
  const why = diff.replaces ? "  (forces the replacement)" : "";
  if (diff.movedFrom !== undefined) return [`! ${path}: moved from ${diff.movedFrom}${why}`];
  if (diff.kind === "add") return whole("+", path, after, why);
  if (diff.kind === "remove") return whole("-", path, before, why);
  if (typeof before === "string" && typeof after === "string") {
    const structured = structuredLines(path, before, after, why);
    if (structured) return structured;
    if (isMultiline(before) || isMultiline(after)) return lineDiff(path, before, after, why);
  }
  if (isSecret(before) && isSecret(after)) {
    const isSame = before.$secret !== "" && before.$secret === after.$secret;
    return [`! ${path}: [secret], ${isSame ? "the same value" : "changed"}${why}`];
  }
  const short = `! ${path}: ${valueText(before, LINE)} → ${valueText(after, LINE)}${why}`;
  return short.length <= LINE
    ? [short]
    : [`- ${path}: ${valueText(before, LINE)}`, `+ ${path}: ${valueText(after, LINE)}${why}`];
}

/** One whole value: on a line where it fits, else laid out. */
function whole(sign: "+" | "-", path: string, value: Value | undefined, why: string): string[] {
  const onOneLine = `${sign} ${path}: ${valueText(value, LINE)}${why}`;
  const isLong = onOneLine.length > 100 || (typeof value === "string" && isMultiline(value));
  if (!isLong || value === undefined) return [onOneLine];
  const laidOut = [...layOut(value, 1)];
  if (laidOut.length <= 1) return [onOneLine];
  return capped([`${sign} ${path}:${why}`, ...laidOut.map((line) => `${sign} ${line}`)]);
}

/** A value over several lines, stopping where nobody would read on. */
function* layOut(value: Value, depth: number): Generator<string> {
  const indent = "  ".repeat(Math.min(depth, 8));
  if (typeof value === "string" && isMultiline(value)) {
    for (const line of value.slice(0, LONGEST_COMPARED).split("\n"))
      yield `${indent}${cutMiddle(line, LINE)}`;
  } else if (typeof value === "object" && value !== null && !isSecret(value) && !isUnknown(value)) {
    const isList = Array.isArray(value);
    for (const [key, member] of Object.entries(value).slice(0, MOST_LINES_A_PROPERTY)) {
      const label = isList ? "-" : `${keyText(key)}:`;
      const text = valueText(member, LINE);
      const laysOut = text.length > 80 && typeof member === "object" && member !== null;
      const isText = typeof member === "string" && isMultiline(member);
      if (laysOut || isText) {
        yield `${indent}${label}`;
        yield* layOut(member, depth + 1);
      } else yield `${indent}${label} ${text}`;
    }
  } else yield `${indent}${valueText(value, LINE)}`;
}

/** Two texts that are both JSON, or both a server's cloud-config, are compared as what they say. */
function structuredLines(path: string, before: string, after: string, why: string): string[] | undefined {
  for (const { name, read } of FORMATS) {
    const was = read(before);
    const is = was === undefined ? undefined : read(after);
    if (was === undefined || is === undefined) continue;
    const inner = propertyDiffs({ text: was }, { text: is }, []);
    if (inner.length === 0) return [`! ${path}: the same ${name}, written differently${why}`];
    const lines = inner.flatMap((diff) =>
      propertyLines({ ...diff, path: diff.path.replace(/^text\.?/, "") || "(all)" }),
    );
    return capped([
      `! ${path}: ${name}${why}`,
      ...lines.map((line) => `${line.slice(0, 2)}  ${line.slice(2)}`),
    ]);
  }
  return undefined;
}

/** Texts that say more by their structure than by their lines. A reader gives undefined for what is none of it. */
const FORMATS: readonly { name: string; read(text: string): Value | undefined }[] = [
  { name: "JSON", read: (text) => parsed(text, /^\s*[[{]/, JSON.parse) },
  {
    name: "cloud-config",
    // No aliases: a small text could stand for a very large value.
    read: (text) => parsed(text, /^#cloud-config\b/, (yaml) => parseYaml(yaml, { maxAliasCount: 0 })),
  },
];

function parsed(text: string, start: RegExp, parse: (text: string) => Value): Value | undefined {
  if (!start.test(text) || text.length > LONGEST_COMPARED) return undefined;
  try {
    const value = parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function lineDiff(path: string, before: string, after: string, why: string): string[] {
  if (before.length + after.length > LONGEST_COMPARED)
    return [`- ${path}: ${valueText(before, LINE)}`, `+ ${path}: ${valueText(after, LINE)}${why}`];
  // Where both end with a line feed, nobody wants to see the empty line after it.
  const isEnded = before.endsWith("\n") && after.endsWith("\n");
  const was = (isEnded ? before.slice(0, -1) : before).split("\n");
  const is = (isEnded ? after.slice(0, -1) : after).split("\n");
  const script = align(was, is);
  const changed = script.flatMap(({ kind }, index) => (kind === "same" ? [] : [index]));
  const near = new Set(
    changed.flatMap((index) => Array.from({ length: 2 * CONTEXT + 1 }, (_, i) => index + i - CONTEXT)),
  );
  const lines = [
    `! ${path}: ${changed.length} ${changed.length === 1 ? "line differs" : "lines differ"}${why}`,
  ];
  let skipped = 0;
  const flush = (): void => {
    if (skipped > 0) lines.push(`@@ ${skipped} ${skipped === 1 ? "line" : "lines"} alike @@`);
    skipped = 0;
  };
  for (const [index, entry] of script.entries()) {
    if (entry.kind === "same" && !near.has(index)) {
      skipped++;
      continue;
    }
    flush();
    const text = cutMiddle((entry.kind === "add" ? is[entry.after] : was[entry.before]) ?? "", LINE);
    lines.push(`${entry.kind === "same" ? " " : entry.kind === "add" ? "+" : "-"}   ${text}`);
  }
  flush();
  return capped(lines);
}

function capped(lines: string[]): string[] {
  if (lines.length <= MOST_LINES_A_PROPERTY) return lines;
  const more = lines.length - MOST_LINES_A_PROPERTY + 1;
  return [...lines.slice(0, MOST_LINES_A_PROPERTY - 1), `# … and ${more.toLocaleString("en-US")} more lines`];
}

function isMultiline(text: string): boolean {
  return text.trimEnd().includes("\n");
}
