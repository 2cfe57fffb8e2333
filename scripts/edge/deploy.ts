import pLimit from "p-limit";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { findParts } from "./parts.ts";
import { deploySite, siteHash } from "./site.ts";
import { deployWorker, secretsHash, type WorkerSecrets, workerHash } from "./worker.ts";
import type { Wrangler } from "./wrangler.ts";

/** What one deployment of the edge left live, and which of it is new. */
export interface DeployedEdge {
  workers: ReleaseManifest["workers"];
  sites: ReleaseManifest["sites"];
  deployed: string[];
  unchanged: string[];
}

export interface EdgeDeployment {
  root: string;
  outputs: StackOutputs;
  /** The stack's last release: what has the same content hash there is not deployed again. */
  previous: ReleaseManifest | undefined;
  wrangler: () => Wrangler;
  secrets: (worker: string) => WorkerSecrets;
  release: { id: string; sha: string; stack: string; message: string; at: Date };
}

/** The branch that Pages projects of the stack take as production. */
export const PRODUCTION_BRANCH = "main";

/**
 * Deploys every Worker and site that has changed since the stack's last release, all at once.
 *
 * Every configuration is made before the first deployment, so that a missing binding stops all of it. When one part fails
 * the others are still waited for, and the error says what is live.
 */
export async function deployEdge(deployment: EdgeDeployment, reporter: Reporter): Promise<DeployedEdge> {
  const { root, outputs, previous, release } = deployment;
  const { workers, sites } = findParts(root);
  const result: DeployedEdge = { workers: {}, sites: {}, deployed: [], unchanged: [] };
  const jobs: (() => Promise<void>)[] = [];

  for (const worker of workers) {
    const secrets = deployment.secrets(worker.name);
    const hash = workerHash(root, worker, outputs);
    const before = previous?.workers[worker.name];
    if (before?.contentHash === hash && before.secretsHash === secretsHash(secrets)) {
      result.workers[worker.name] = before;
      result.unchanged.push(`workers/${worker.name}`);
      continue;
    }
    jobs.push(() =>
      reporter.step(`Worker ${worker.name}`, async () => {
        result.workers[worker.name] = await deployWorker(
          root,
          worker,
          outputs,
          deployment.wrangler(),
          secrets,
          release,
        );
        result.deployed.push(`workers/${worker.name}`);
      }),
    );
  }
  for (const site of sites) {
    const hash = siteHash(site);
    const before = previous?.sites[site.name];
    if (before?.contentHash === hash) {
      result.sites[site.name] = before;
      result.unchanged.push(`sites/${site.name}`);
      continue;
    }
    const stamp = {
      release: release.id,
      sha: release.sha,
      stack: release.stack,
      deployedAt: release.at.toISOString(),
    };
    jobs.push(() =>
      reporter.step(`Site ${site.name}`, async () => {
        result.sites[site.name] = await deploySite(
          site,
          outputs,
          deployment.wrangler(),
          stamp,
          PRODUCTION_BRANCH,
        );
        result.deployed.push(`sites/${site.name}`);
      }),
    );
  }

  const limit = pLimit(8);
  const settled = await Promise.allSettled(jobs.map((job) => limit(job)));
  const failures = settled.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  if (failures.length > 0) throw new EdgeFailure(failures, result);
  return result;
}

/** Some parts of the edge were not deployed; `partial` has what is live of the others. */
export class EdgeFailure extends AggregateError {
  readonly partial: DeployedEdge;

  constructor(failures: unknown[], partial: DeployedEdge) {
    super(
      failures,
      failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join("\n"),
    );
    this.name = "EdgeFailure";
    this.partial = partial;
  }
}
