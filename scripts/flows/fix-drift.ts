import type { Context } from "../context.ts";
import { type Dispatch, dispatchWorkflow } from "../github/dispatch.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { Caller } from "./environment.ts";

/**
 * The workflow that makes a stack again what its last release says, with a refresh: the release of its tag, the deployment
 * of main, or, where the last word was a rollback, the way to exactly that. Pure.
 */
export function fixOf(release: ReleaseManifest): Dispatch {
  const { id, stack, kind, ref } = release;
  if (kind !== "deploy")
    return {
      workflow: "rollback.yml",
      ref: "main",
      inputs: { stack, release: id, scope: "all", refresh: "true" },
    };
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  if (tag !== undefined) return { workflow: `release-${stack}.yml`, ref: tag, inputs: { refresh: "true" } };
  return { workflow: `deploy-${stack}.yml`, ref: "main", inputs: { refresh: "true" } };
}

/**
 * Opens the deployment that puts back what drifted. On a terminal there is no GitHub to ask: it says how a person does it.
 *
 * @returns what was started, or undefined where it was only said
 */
export async function fixDrift(
  context: Context,
  { github }: Caller,
  release: ReleaseManifest,
): Promise<Dispatch | undefined> {
  const dispatch = fixOf(release);
  const { workflow, ref, inputs } = dispatch;
  const command = [
    `gh workflow run ${workflow}`,
    ...(ref === "main" ? [] : [`--ref ${ref}`]),
    ...Object.entries(inputs).map(([name, value]) => `-f ${name}=${value}`),
  ].join(" ");
  if (!github) {
    context.reporter.say(`This starts the deployment that puts ${release.stack} right:\n  ${command}`);
    return undefined;
  }
  await dispatchWorkflow(github, dispatch);
  context.reporter.say(`Started for ${release.stack}: ${command}`);
  return dispatch;
}
