import type { Change, Step } from "../change/model.ts";
import type { Context } from "../context.ts";
import { cloudflare } from "../providers/cloudflare.ts";
import { latestReleases, type ReleaseStore } from "../release/store.ts";
import { outputsFromEvents } from "../stack/outputs.ts";
import { previewStack } from "../stack/preview.ts";
import type { OpenedStack } from "./environment.ts";

export interface Drift {
  stack: string;
  /** Resources that are not as the last update left them. */
  resources: Step[];
  /** One sentence for each part of the edge that is not what the last release deployed. */
  edge: string[];
  change: Change;
}

/** Looks for what was changed past the pipeline: in the clouds (a refresh that only previews) and at the edge. */
export async function findDrift(
  context: Context,
  releases: ReleaseStore,
  stack: OpenedStack,
): Promise<Drift> {
  const { change, events } = await context.reporter.step(
    `Refresh of ${stack.name}`,
    (note) =>
      previewStack(stack.target, {
        digestKey: stack.secrets.require("DIGEST_KEY"),
        refresh: true,
        signal: context.signal,
        onProgress: (resources) => note(`${resources} resources`),
      }),
    (preview) => `${driftedSteps(preview.change).length} drifted`,
  );
  // What the pipeline left, whatever came of it: a deployment that failed half-way is no drift.
  const { last: release } = await latestReleases(releases, stack.name);
  const edge: string[] = [];
  if (release) {
    const outputs = outputsFromEvents(stack.name, events);
    const api = cloudflare(
      stack.secrets.require("CLOUDFLARE_API_TOKEN"),
      stack.secrets.get("CLOUDFLARE_BASE_URL"),
    );
    const workers = Object.entries(release.workers).map(async ([name, { scriptName, versionId }]) => {
      const live = await api.workerDeployment(outputs.accountId, scriptName);
      const versions =
        live?.versions.map(({ version_id, percentage }) => `${version_id} (${percentage} %)`) ?? [];
      if (live?.versions.length === 1 && live.versions[0]?.version_id === versionId) return;
      edge.push(
        `Worker ${name} runs ${versions.join(" and ") || "nothing"}, release ${release.id} deployed ${versionId}.`,
      );
    });
    const sites = Object.entries(release.sites).map(async ([name, { project, deploymentId }]) => {
      const live = await api.pagesDeployment(outputs.accountId, project);
      if (live?.id === deploymentId) return;
      edge.push(
        `Site ${name} serves deployment ${live?.id ?? "none"}, release ${release.id} deployed ${deploymentId}.`,
      );
    });
    await Promise.all([...workers, ...sites]);
  }
  return { stack: stack.name, resources: driftedSteps(change), edge: edge.sort(), change };
}

/** What a refresh found different; what the code would change besides is a matter for previews. */
function driftedSteps(change: Change): Step[] {
  return change.steps.filter((step) => step.operation === "refresh");
}
