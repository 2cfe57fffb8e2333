import type { Rehearsal } from "./play.ts";
import type { Expectation, PlayedScene } from "./stage/evidence.ts";

/** Lines of one thing that a terminal shows before it points to the file with the rest. */
const MOST_LINES = 12;
const WIDEST = 160;

/** What went wrong in a scene, for a terminal: what was expected, what was seen, where the whole of it is. */
export function tellProblems({ expectations, error }: PlayedScene, dir: string): string | undefined {
  const problems = expectations.filter(({ ok }) => !ok).map((expectation) => tellUnmet(expectation, dir));
  if (error !== undefined) problems.push(block("broke off:", error));
  return problems.length === 0 ? undefined : problems.join("\n\n");
}

/** The rehearsal in a line. */
export function tellOutcome({ scenes, seconds }: Rehearsal): string {
  const expectations = scenes.flatMap((scene) => scene.expectations);
  const met = expectations.filter(({ ok }) => ok).length;
  return `${plural(scenes.length, "scene")}, ${met} of ${plural(expectations.length, "expectation")} met, ${seconds.toFixed(0)} s.`;
}

/** `1 scene`, `2 scenes`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function tellUnmet({ text, seen, file }: Expectation, dir: string): string {
  const more = file === undefined ? "" : `\n            … the whole of it: ${dir}/${file}`;
  return `${block("expected:", text)}\n${block("seen:", seen ?? "nothing")}${more}`;
}

function block(label: string, text: string): string {
  const lines = text.trim().split("\n");
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line));
  const more = lines.length - shown.length;
  const all = more > 0 ? [...shown, `… ${plural(more, "more line")}`] : shown;
  return `  ${label.padEnd(10)}${all.join(`\n${" ".repeat(12)}`)}`;
}
