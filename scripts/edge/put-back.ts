import type { StackOutputs } from "../../infra/src/outputs.ts";
import { messageOf } from "../errors.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { restoreWorker } from "./worker.ts";
import type { Wrangler } from "./wrangler.ts";

/** What is live after a deployment that failed in part. */
export interface PutBack {
  /** Every part that is live, with what it serves, as a release says it. */
  workers: ReleaseManifest["workers"];
  sites: ReleaseManifest["sites"];
  /** The parts that serve again what they served before. */
  back: string[];
  /** The parts that are new and stay so, with the reason. */
  stayed: { part: string; why: string }[];
}

/** What came out of the deployment, as far as it went. */
interface Deployed {
  workers: ReleaseManifest["workers"];
  sites: ReleaseManifest["sites"];
  deployed: readonly string[];
}

interface Means {
  previous: ReleaseManifest | undefined;
  outputs: Pick<StackOutputs, "accountId">;
  wrangler: () => Wrangler;
  restoreSite(project: string, deploymentId: string): Promise<unknown>;
}

/**
 * Gives the parts that were deployed what they served before, so that a half deployment is none. A part that was not there
 * before stays: taking a new Worker away could lose what it has been sent already. A Worker that Cloudflare does not let go
 * back (a migration of Durable Objects came with the new version) stays too; the result says so.
 */
export async function putBack(edge: Deployed, means: Means, reporter: Reporter): Promise<PutBack> {
  const { previous, outputs } = means;
  const left: PutBack = {
    workers: { ...previous?.workers, ...edge.workers },
    sites: { ...previous?.sites, ...edge.sites },
    back: [],
    stayed: [],
  };
  const restore = async (part: string, work: () => Promise<unknown>, succeeded: () => void) => {
    try {
      await reporter.step(`Put ${part} back`, work);
      succeeded();
      left.back.push(part);
    } catch (error) {
      left.stayed.push({ part, why: messageOf(error) });
    }
  };
  await Promise.all(
    edge.deployed.map(async (part) => {
      const name = part.slice(part.indexOf("/") + 1);
      const worker = part.startsWith("workers/") ? previous?.workers[name] : undefined;
      const site = part.startsWith("sites/") ? previous?.sites[name] : undefined;
      if (worker) {
        const { scriptName, versionId } = worker;
        const message = `Back to ${previous?.id}`;
        const { accountId } = outputs;
        await restore(
          part,
          () => restoreWorker(means.wrangler(), { scriptName, versionId, accountId, message }),
          () => {
            left.workers[name] = worker;
          },
        );
      } else if (site) {
        await restore(
          part,
          () => means.restoreSite(site.project, site.deploymentId),
          () => {
            left.sites[name] = site;
          },
        );
      } else left.stayed.push({ part, why: "no earlier release has it" });
    }),
  );
  left.back.sort();
  left.stayed.sort((a, b) => a.part.localeCompare(b.part));
  return left;
}
