import type { StackOutputs } from "../../infra/src/outputs.ts";
import { UserError } from "../errors.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { builtSite, siteHash } from "./build-site.ts";
import { deployGradually, type GradualRollout } from "./deploy-gradually.ts";
import { neededBy } from "./order.ts";
import type { EdgeParts } from "./parts.ts";
import { type PutBack, putBack } from "./put-back.ts";
import { type FailedJob, type Job, runJobs } from "./run-jobs.ts";
import { deploySite } from "./site.ts";
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
  parts: EdgeParts;
  outputs: StackOutputs;
  /** The stack's last release: what has the same content hash there is not deployed again. */
  previous: ReleaseManifest | undefined;
  wrangler: () => Wrangler;
  /** Makes an earlier deployment of a Pages project live again; wrangler has no command for it. */
  restoreSite(project: string, deploymentId: string): Promise<unknown>;
  secrets: (worker: string) => WorkerSecrets;
  /** Gives new versions of Workers their traffic step by step; all of it at once where it is not given. */
  rollout?: GradualRollout;
  release: { id: string; sha: string; stack: string; message: string; at: Date };
}

/** The branch that Pages projects of the stack take as production. */
export const PRODUCTION_BRANCH = "main";

/**
 * Deploys every Worker and site that has changed since the stack's last release, all at once but for Workers that need
 * another one before them.
 *
 * Every configuration and every site is made before the first deployment, so that a missing binding or a failed build
 * stops all of it. When one part fails the others are still waited for, and then get back what they had.
 *
 * @throws EdgeFailure with what is live then
 */
export async function deployEdge(deployment: EdgeDeployment, reporter: Reporter): Promise<DeployedEdge> {
  const { outputs, previous, release } = deployment;
  const { workers, sites } = deployment.parts;
  const result: DeployedEdge = { workers: {}, sites: {}, deployed: [], unchanged: [] };
  const jobs: Job[] = [];

  for (const worker of workers) {
    const part = `workers/${worker.name}`;
    const secrets = deployment.secrets(worker.name);
    const hash = workerHash(worker, outputs);
    const before = previous?.workers[worker.name];
    if (before?.contentHash === hash && before.secretsHash === secretsHash(secrets)) {
      result.workers[worker.name] = before;
      result.unchanged.push(part);
      continue;
    }
    jobs.push({
      part,
      needs: neededBy(worker, workers).map((name) => `workers/${name}`),
      run: () =>
        reporter.step(
          `Worker ${worker.name}`,
          async (note) => {
            const wrangler = deployment.wrangler();
            const upload = (command?: readonly string[]) =>
              deployWorker(worker, outputs, wrangler, secrets, release, {}, command);
            const { deployed, how } = await deployGradually(deployment.rollout, {
              worker,
              before,
              outputs,
              wrangler,
              upload,
              note,
            });
            result.workers[worker.name] = deployed;
            result.deployed.push(part);
            return how;
          },
          (how) => how,
        ),
    });
  }
  const changed = sites.filter((site) => {
    const before = previous?.sites[site.name];
    if (before?.contentHash !== siteHash(site, outputs.turnstileSiteKey)) return true;
    result.sites[site.name] = before;
    result.unchanged.push(`sites/${site.name}`);
    return false;
  });
  await Promise.all(
    changed
      .filter(({ builtWith }) => builtWith !== undefined)
      .map((site) => reporter.step(`Build of site ${site.name}`, () => builtSite(site))),
  );
  const stamp = {
    release: release.id,
    sha: release.sha,
    stack: release.stack,
    deployedAt: release.at.toISOString(),
  };
  for (const site of changed) {
    const part = `sites/${site.name}`;
    jobs.push({
      part,
      needs: [],
      run: () =>
        reporter.step(`Site ${site.name}`, async () => {
          const wrangler = deployment.wrangler();
          result.sites[site.name] = await deploySite(site, outputs, wrangler, stamp, PRODUCTION_BRANCH);
          result.deployed.push(part);
        }),
    });
  }

  const failures = await runJobs(jobs);
  if (failures.length === 0) return result;
  throw new EdgeFailure(failures, await putBack(result, deployment, reporter));
}

/** Some parts of the edge were not deployed; `left` says what is live of the others. */
export class EdgeFailure extends AggregateError {
  readonly left: PutBack;
  /** Nothing failed but versions that were not fit: their traffic is back where it was. */
  get isReturned(): boolean {
    return this.errors.every((error) => error instanceof UserError && error.code === "rollout-returned");
  }

  constructor(failures: readonly FailedJob[], left: PutBack) {
    super(
      failures.map(({ error }) => error),
      failures.map(({ part, error }) => `${part}: ${error.message}`).join("\n"),
    );
    this.name = "EdgeFailure";
    this.left = left;
  }
}
