import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { Cloudflare } from "../providers/cloudflare.ts";
import type { Live, LiveSite, LiveWorker } from "../release/live.ts";
import type { ReleaseManifest } from "../release/manifest.ts";

/** Asks Cloudflare what is live of each part of a release: all at once, and nothing but reading. */
export async function readLive(
  api: Cloudflare,
  outputs: Pick<StackOutputs, "accountId" | "zone" | "workers" | "releaseRecord">,
  release: Pick<ReleaseManifest, "workers" | "sites">,
): Promise<Live> {
  const routes = api.workerRoutes(outputs.zone.id);
  const worker = async ([name, { scriptName }]: [string, { scriptName: string }]): Promise<
    [string, LiveWorker]
  > => {
    const live = await api.workerDeployment(outputs.accountId, scriptName);
    const attached = new Set(
      (await routes).flatMap(({ pattern, script }) => (script === scriptName ? [pattern] : [])),
    );
    return [
      name,
      {
        versions: live?.versions.map(({ version_id: id, percentage }) => ({ id, percentage })) ?? [],
        lostRoutes: (outputs.workers[name]?.routes ?? []).filter((pattern) => !attached.has(pattern)),
        ...(live?.created_on ? { since: live.created_on } : {}),
        ...(live?.author_email ? { by: live.author_email } : {}),
      },
    ];
  };
  const site = async ([name, { project }]: [string, { project: string }]): Promise<[string, LiveSite]> => {
    const live = await api.pagesDeployment(outputs.accountId, project);
    return [name, { deploymentId: live?.id, ...(live?.created_on ? { since: live.created_on } : {}) }];
  };
  const [workers, sites, record] = await Promise.all([
    Promise.all(Object.entries(release.workers).map(worker)),
    Promise.all(Object.entries(release.sites).map(site)),
    api.dnsContent(outputs.zone.id, outputs.releaseRecord.id),
    routes,
  ]);
  return { workers: Object.fromEntries(workers), sites: Object.fromEntries(sites), record };
}
