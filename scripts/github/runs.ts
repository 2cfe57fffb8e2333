import { z } from "zod";
import type { Github } from "./client.ts";
import { GithubRefusal } from "./refusal.ts";

const Run = z.object({
  id: z.number(),
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  run_attempt: z.number().default(1),
  html_url: z.string(),
});

export interface WorkflowRun {
  id: number;
  /** The newest attempt; an earlier one has ended. */
  attempt: number;
  finished: boolean;
  /** `success`, `failure`, `cancelled`, …; undefined while it runs. */
  conclusion: string | undefined;
  url: string;
}

/**
 * A workflow run as GitHub knows it; undefined where it was deleted.
 * https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run
 */
export async function readRun(github: Github, id: number): Promise<WorkflowRun | undefined> {
  try {
    const { data } = await github.request("GET /repos/{owner}/{repo}/actions/runs/{run_id}", {
      ...github.at,
      run_id: id,
    });
    const run = Run.parse(data);
    return {
      id: run.id,
      attempt: run.run_attempt,
      finished: run.status === "completed",
      conclusion: run.conclusion ?? undefined,
      url: run.html_url,
    };
  } catch (error) {
    if (error instanceof GithubRefusal && error.kind === "not-found") return undefined;
    throw error;
  }
}
