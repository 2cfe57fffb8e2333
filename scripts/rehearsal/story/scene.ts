import type { Notebook } from "../stage/evidence.ts";
import type { JobOutcome } from "../stage/runner.ts";
import type { Stage } from "../stage/stage.ts";
import type { Memory } from "./chapter.ts";

export interface Scene<M extends Memory = Memory> {
  /** For `--scene`. */
  name: string;
  title: string;
  /** One or two sentences, as one would tell it to a colleague. */
  tells: string;
  play(stage: Stage, notes: Notebook, memory: M): Promise<void>;
}

const LAST_LINES = 12;

/** Writes a job down and expects how it ended. */
export function keepJob(notes: Notebook, job: JobOutcome, exitCode = 0): JobOutcome {
  notes.keepJob(job);
  notes.expect(`“${job.name}” ends with exit code ${exitCode}`, job.exitCode === exitCode, lastWords(job));
  return job;
}

/** The last lines that a job said, without the result that it printed as JSON. */
export function lastWords({ log }: JobOutcome): string[] {
  // An annotation has its line feeds escaped: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
  const lines = log.trimEnd().replaceAll("%0A", "\n").split("\n");
  if (lines.at(-1)?.startsWith("{")) lines.pop();
  return lines.slice(-LAST_LINES);
}
