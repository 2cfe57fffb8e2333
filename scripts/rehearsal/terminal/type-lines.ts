import type { Notebook } from "../stage/evidence.ts";
import { complaintAbout, fillIn, type Line } from "./line.ts";
import type { Shell } from "./shell.ts";

/** Types lines of the documentation, one after the other, and expects of each what it says. */
export async function typeLines<Place extends { shell: Shell }>(
  place: Place,
  notes: Notebook,
  lines: readonly Line<Place>[],
): Promise<void> {
  for (const line of lines) {
    const typed = fillIn(line, await line.before?.(place));
    const answer = await place.shell.type(typed);
    notes.keep(`$ ${line.line}`, "log", `$ ${typed}\n\n${answer.said}\n[exit code ${answer.exitCode}]\n`);
    const complaint = complaintAbout(line, answer);
    notes.expect(`“${line.line}” does what the documentation says`, complaint === undefined, [
      complaint,
      answer.said.slice(-1500),
    ]);
  }
}
