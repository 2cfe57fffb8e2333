import type { ReleaseManifest } from "../release/manifest.ts";
import { siteHash } from "./build-site.ts";
import type { EdgeParts } from "./parts.ts";
import { sourceHash } from "./source-hash.ts";

/**
 * The parts of the edge that a release does not have with these sources, as `workers/intake`. Of a Worker it is the sources
 * alone: what its bindings lead to is another thing on each stack.
 */
export function otherSources(
  { workers, sites }: EdgeParts,
  release: Pick<ReleaseManifest, "workers" | "sites">,
): string[] {
  return [
    ...workers
      .filter((worker) => {
        const ran = release.workers[worker.name];
        return !ran || (ran.sourceHash !== undefined && ran.sourceHash !== sourceHash(worker));
      })
      .map(({ name }) => `workers/${name}`),
    ...sites
      .filter((site) => {
        const ran = release.sites[site.name];
        return (ran?.sourceHash ?? ran?.contentHash) !== siteHash(site);
      })
      .map(({ name }) => `sites/${name}`),
  ];
}
