import type { WorkflowOutcome } from "../../act/act-runner.ts";
import type { Notebook } from "../../stage/evidence.ts";
import { keepJob } from "../scene.ts";

/**
 * Writes a run down, and expects how its jobs ended: those that are named as they are named, others well.
 *
 * @param jobs for each job, by its id in the workflow file: its result, and those of its outputs that matter
 */
export function keepRun(
  notes: Notebook,
  run: WorkflowOutcome,
  jobs: Record<string, { result: "success" | "failure"; outputs?: Record<string, string> }>,
): WorkflowOutcome {
  const failed = Object.values(jobs).some(({ result }) => result === "failure");
  keepJob(notes, run, failed ? 1 : 0);
  const others = run.jobs.filter(({ id }) => !(id in jobs));
  notes.expect(
    `No other job of “${run.name}” has failed`,
    others.every(({ result }) => result === "success"),
    others,
  );
  for (const [id, { result, outputs = {} }] of Object.entries(jobs)) {
    const job = run.jobs.find((each) => each.id === id);
    notes.expect(`Its job ${id} ends with ${result}`, job?.result === result, job);
    for (const [name, value] of Object.entries(outputs))
      notes.expect(`Its job ${id} hands on ${name} = ${value}`, job?.outputs[name] === value, job?.outputs);
  }
  return run;
}
