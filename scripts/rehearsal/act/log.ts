import { z } from "zod";

/** A line of `act --json`. Fields beside `msg` are not masked, and `raw_output` tells a step's own words from act's. */
const Line = z.looseObject({
  msg: z.string().default(""),
  job: z.string().optional(),
  jobID: z.string().optional(),
  step: z.string().optional(),
  stepID: z.array(z.string()).optional(),
  stage: z.string().optional(),
  command: z.string().optional(),
  name: z.string().optional(),
  arg: z.string().optional(),
  content: z.string().optional(),
  jobResult: z.string().optional(),
  raw_output: z.boolean().optional(),
  level: z.string().optional(),
});

/** What act says of itself on this machine, and nobody needs to know. */
const NOISE = /^(?:LocalRepositoryCache |Couldn't get a valid docker connection)/;

/** What became of one job of a run. */
export interface RanJob {
  id: string;
  /** As act names it: workflow and job, after the job that called it. */
  name: string;
  result: string;
  /** The outputs of its step `run`, and of other steps where that has none of the name. */
  outputs: Record<string, string>;
}

export interface ActLog {
  jobs: RanJob[];
  /** For people: a line a step, and what the steps said. */
  text: string;
  summary: string;
}

/**
 * Reads what act printed with `--json`.
 *
 * @param secrets values that are masked from the start, as the run's own token is
 */
export function readActLog(printed: string, secrets: readonly string[]): ActLog {
  const lines = printed.split("\n").flatMap(readLine);
  const masks = lines.flatMap(({ command, arg }) => (command === "add-mask" && arg ? [arg] : []));
  const hidden = [...new Set([...secrets, ...masks])].sort((a, b) => b.length - a.length);
  const hide = (text: string) => hidden.reduce((clean, mask) => clean.replaceAll(mask, "***"), text);

  const jobs = new Map<string, RanJob>();
  const handedOn = new Set<string>();
  const text: string[] = [];
  const summaries: string[] = [];
  for (const line of lines) {
    const name = line.job?.trim();
    if (name !== undefined && line.jobID !== undefined) {
      const job = jobs.get(name) ?? { id: line.jobID, name, result: "unknown", outputs: {} };
      jobs.set(name, job);
      if (line.jobResult !== undefined) job.result = line.jobResult;
      // The outputs that jobs hand on are those of the step `run`; others of the same name are not.
      const isRun = line.stepID?.includes("run") === true;
      if (
        line.command === "set-output" &&
        line.name !== undefined &&
        (isRun || !handedOn.has(`${name} ${line.name}`))
      ) {
        job.outputs[line.name] = hide(line.arg ?? "");
        if (isRun) handedOn.add(`${name} ${line.name}`);
      }
    }
    if (line.command === "summary" && line.content) summaries.push(hide(line.content));
    if (["summary", "set-output", "add-mask"].includes(line.command ?? "") || NOISE.test(line.msg)) continue;
    text.push(hide(`${line.raw_output ? "  " : ""}${line.msg.trimEnd()}`));
  }
  return { jobs: [...jobs.values()], text: text.join("\n"), summary: summaries.join("\n") };
}

function readLine(line: string): z.infer<typeof Line>[] {
  if (line.trim() === "") return [];
  try {
    return [Line.parse(JSON.parse(line))];
  } catch {
    // A word of act itself, before it knows that it is to speak JSON.
    return [Line.parse({ msg: line })];
  }
}
