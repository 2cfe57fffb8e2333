import type { Context } from "../context.ts";
import { appendSummary, setOutput } from "../github/output.ts";
import type { Deployment } from "./deploy.ts";
import type { Caller } from "./environment.ts";
import { renderWhatRuns } from "./what-runs.ts";

/** Tells GitHub what came of a deployment: job outputs and the job summary. */
export async function publishDeployment(
  context: Context,
  caller: Caller,
  deployment: Deployment,
): Promise<void> {
  if (!caller.event) return;
  setOutput("release", deployment.manifest.id, context.env);
  setOutput("url", deployment.outputs.app.url, context.env);
  appendSummary(
    `${renderDeployment(deployment)}\n${renderWhatRuns(deployment.manifest, deployment.outputs.app.url)}`,
    context.env,
  );
}

/** One or two lines for the terminal. */
export function describeDeployment({ nothingToDo, manifest, outputs, deployed, change }: Deployment): string {
  if (nothingToDo) return `\nNothing to do: ${manifest.stack} runs ${manifest.id} already, whole.`;
  const parts = [...(change.steps.length > 0 ? [`${change.steps.length} resources`] : []), ...deployed];
  return `\n${manifest.id} is live: ${outputs.app.url}\nNew: ${parts.join(", ") || "nothing; every part is as it was"}.`;
}

function renderDeployment({
  manifest,
  nothingToDo,
  deployed,
  unchanged,
  checks,
  outputs,
  change,
}: Deployment): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    `## ${manifest.stack}: ${nothingToDo ? "nothing to do" : "deployed"}`,
    "",
    nothingToDo
      ? `\`${manifest.id}\` runs already, whole.`
      : `\`${manifest.id}\` is live at ${outputs.app.url} (${change.steps.length} infrastructure steps).`,
    "",
    "| part | |",
    "|---|---|",
    ...deployed.map((name) => `| ${cell(name)} | new |`),
    ...unchanged.map((name) => `| ${cell(name)} | unchanged |`),
    "",
    "| check | answers |",
    "|---|---|",
    ...checks.map(
      ({ part, ok, problem, seconds }) =>
        `| ${cell(part)} | ${ok ? `right after ${seconds.toFixed(1)} s` : cell(problem ?? "wrong")} |`,
    ),
    "",
  ].join("\n");
}
