import type { Context } from "../context.ts";
import { isPreviewOf, previewSuffix } from "../edge/preview-names.ts";
import { messageOf, UserError } from "../errors.ts";
import { previewApi } from "../providers/cloudflare-previews.ts";
import type { PreviewAccount } from "../secrets/preview-account.ts";

/**
 * Takes everything away that the previews of a pull request's edge have left in the account for previews: scripts with
 * their Durable Objects, resources, deployments of sites. Found by name, so that nothing has to be remembered.
 *
 * @returns what was removed, for people
 * @throws UserError `cleanup-failed` with what is still there, after everything else is gone
 */
export async function removePreviews(
  context: Context,
  account: PreviewAccount,
  pullRequest: number,
): Promise<string[]> {
  const api = previewApi(account);
  const [scripts, resources, deployments] = await Promise.all([
    api.scripts(),
    api.resources(),
    api.siteDeployments(previewSuffix(pullRequest)),
  ]);
  const ofScripts = scripts
    .filter((name) => isPreviewOf(pullRequest, name))
    .map((name) => ({ what: `Worker ${name}`, remove: () => api.removeScript(name) }));
  const others = [
    ...resources
      .filter(({ name }) => isPreviewOf(pullRequest, name))
      .map((resource) => ({
        what: `${resource.kind} ${resource.name}`,
        remove: () => api.removeResource(resource),
      })),
    ...deployments.map(({ project, id }) => ({
      what: `deployment ${id.slice(0, 8)} of ${project}`,
      remove: () => api.removeSiteDeployment(project, id),
    })),
  ];
  const removed: string[] = [];
  const left: string[] = [];
  // The Workers first: Cloudflare keeps what a Worker still binds.
  for (const group of [ofScripts, others]) {
    await Promise.all(
      group.map(async ({ what, remove }) => {
        try {
          await remove();
          removed.push(what);
          context.reporter.say(`  Removed: ${what}`);
        } catch (error) {
          left.push(`${what}: ${messageOf(error)}`);
        }
      }),
    );
  }
  if (left.length === 0) return removed.sort();
  throw new UserError(
    "cleanup-failed",
    `Of the previews of #${pullRequest} is still there:\n${left.sort().join("\n")}`,
    `Run it again: npm run cleanup -- ${pullRequest}. What stays can be removed by hand in the account for previews.`,
  );
}
