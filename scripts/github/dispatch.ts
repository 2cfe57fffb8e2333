import type { Github } from "./client.ts";

/** A workflow to be started by hand, or by another workflow in a person's place. */
export interface Dispatch {
  /** The file's name in .github/workflows, `deploy-dev.yml`. */
  workflow: string;
  /** A branch or a tag without `refs/…`; the workflow file is taken from there. */
  ref: string;
  inputs: Record<string, string>;
}

/**
 * Starts a workflow. GitHub says nothing of the run that comes of it.
 * https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
 */
export async function dispatchWorkflow(github: Github, { workflow, ref, inputs }: Dispatch): Promise<void> {
  await github.request("POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", {
    ...github.at,
    workflow_id: workflow,
    ref,
    inputs,
  });
}
