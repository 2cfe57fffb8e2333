/** A rule that Cloudflare would refuse when it is written, with the place in its text. */
export class RuleSyntaxError extends Error {
  constructor(source: string, start: number, length: number, reason: string) {
    const before = source.slice(0, start).split("\n");
    const line = source.split("\n")[before.length - 1] ?? "";
    const column = before.at(-1)?.length ?? 0;
    const marks = " ".repeat(column) + "^".repeat(Math.max(length, 1));
    super(`Filter parsing error (${before.length}:${column + 1}):\n${line}\n${marks} ${reason}\n`);
  }
}
