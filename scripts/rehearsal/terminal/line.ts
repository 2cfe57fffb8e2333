import type { Answer } from "./shell.ts";

/** A command line of the documentation, with what makes it one that can be typed, and what is expected of it. */
export interface Line<Place = unknown> {
  /** As the documentation has it, letter for letter. */
  line: string;
  /** Makes the place what the reader's is at that moment; gives what a reader puts in for the examples in the line. */
  before?(place: Place): Promise<Readonly<Record<string, string>> | undefined> | undefined;
  /** What is added at its end: the answers to what it asks at a terminal, or how much of it is enough here. */
  more?: string;
  /** 0 where it is not said. */
  exitCode?: number;
  says: RegExp;
  /** It runs until somebody ends it, which is done when it has said it. */
  endless?: true;
}

/** The line as somebody types it. */
export function fillIn({ line, more }: Line, given: Readonly<Record<string, string>> = {}): string {
  let typed = line;
  for (const [example, own] of Object.entries(given)) {
    if (!typed.includes(example)) throw new Error(`“${line}” has no “${example}”`);
    typed = typed.replaceAll(example, own);
  }
  const left = /<[^<>]+>/.exec(typed);
  if (left) throw new Error(`“${line}”: nothing is given for ${left[0]}`);
  return more === undefined ? typed : `${typed} ${more}`;
}

/** What is wrong with an answer; undefined where it is as expected. */
export function complaintAbout({ exitCode = 0, says, endless }: Line, answer: Answer): string | undefined {
  if (answer.exitCode !== exitCode && !endless) return `exit code ${answer.exitCode} and not ${exitCode}`;
  return says.test(answer.said) ? undefined : `it does not say ${says}`;
}
