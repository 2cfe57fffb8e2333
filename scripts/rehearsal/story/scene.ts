import type { Notebook, PlayedScene } from "../stage/evidence.ts";
import type { JobOutcome } from "../stage/runner.ts";
import type { Stage } from "../stage/stage.ts";
import type { Footprint } from "./footprint.ts";

/** What scenes hand on to later scenes. */
export interface Memory {
  /** The pull request of the second scene, with the names of what its comment says would be created. */
  pull?: { number: number; headSha: string; creates: string[] };
  /** What stood on prod when v1.1.0 was live. */
  prodOfFeature?: Footprint;
  /** The scenes that were played already. */
  played: PlayedScene[];
  /** The commits of main in their order. */
  commits: { bootstrap?: string; feature?: string; broken?: string };
}

export interface Scene {
  /** For `--scene`. */
  name: string;
  title: string;
  /** One or two sentences, as one would tell it to a colleague. */
  tells: string;
  play(stage: Stage, notes: Notebook, memory: Memory): Promise<void>;
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
