import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { CLOUDS } from "./clouds.ts";

const Lines = z.array(z.string());

/** How one trial ended, as it is kept. */
export const Outcome = z.object({
  /** {@link nameOf} the trial. */
  trial: z.string(),
  kind: z.enum(["kill", "fault"]),
  seconds: z.number(),
  outcomes: Lines,
  duplicates: Lines,
  orphans: Lines,
  lost: Lines,
  unequal: Lines,
});
export type Outcome = z.infer<typeof Outcome>;

const Head = z.object({
  code: z.string(),
  writes: z.array(z.object({ cloud: z.enum(CLOUDS), index: z.number(), call: z.string() })),
});
type Head = z.infer<typeof Head>;

/** The outcomes of a run, written down one by one, so that a run that was cut off can go on. */
export interface Results {
  outcomes: Outcome[];
  add(outcome: Outcome): void;
}

/** Begins a file of results anew, one line of JSON an outcome. */
export function beginResults(file: string, head: Head): Results {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(head)}\n`);
  return resultsIn(file, []);
}

/**
 * The results of an earlier run of the same program; undefined where there are none, or those of another one.
 *
 * A last line that was cut off is left out: that trial is played again.
 */
export function resumeResults(
  file: string,
  code: string,
): (Results & { writes: Head["writes"] }) | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const [first = "", ...lines] = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .trimEnd()
    .split("\n");
  const head = Head.safeParse(parse(first));
  if (!head.success || head.data.code !== code) return undefined;
  const outcomes = lines.flatMap((line) => Outcome.safeParse(parse(line)).data ?? []);
  writeFileSync(file, [first, ...outcomes.map((outcome) => JSON.stringify(outcome)), ""].join("\n"));
  return { ...resultsIn(file, outcomes), writes: head.data.writes };
}

function resultsIn(file: string, outcomes: Outcome[]): Results {
  return {
    outcomes,
    add(outcome) {
      outcomes.push(outcome);
      appendFileSync(file, `${JSON.stringify(outcome)}\n`);
    },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
