import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Github } from "../github/client.ts";
import { createDeployment, listPayloads, setDeploymentStatus } from "../github/deployment.ts";
import { ReleaseManifest } from "./manifest.ts";

/** Where releases are written down. Newest first wherever there is an order. */
export interface ReleaseStore {
  record(manifest: ReleaseManifest, environmentUrl: string): Promise<void>;
  list(stack: string, limit: number): Promise<ReleaseManifest[]>;
}

/** How many deployments are read to find a release: more than Cloudflare keeps Worker versions to go back to. */
const HISTORY = 100;

/** Tells a release from the deployments that Actions makes by itself for a job with an environment. */
const TASK = "release";

/**
 * Releases as GitHub Deployments of the environment that has the stack's name; the manifest is the payload. It is written
 * when the release has ended, since a deployment's payload can't be changed afterwards.
 */
export function githubReleases(github: Github): ReleaseStore {
  return {
    async record(manifest, environmentUrl) {
      const deployment = await createDeployment(github, {
        ref: manifest.sha,
        environment: manifest.stack,
        task: TASK,
        production: manifest.stack === "prod",
        description: `${manifest.kind === "rollback" ? "Rollback" : "Release"} ${manifest.id}`,
        payload: manifest,
      });
      await setDeploymentStatus(github, deployment.id, {
        state: manifest.outcome === "succeeded" ? "success" : "failure",
        environmentUrl,
        logUrl: manifest.runUrl,
        description: manifest.id,
      });
    },
    list: (stack, limit) => listPayloads(github, stack, { limit, payload: ReleaseManifest, task: TASK }),
  };
}

/** Releases as files `<folder>/<stack>/<finished>-<id>.json`, for whoever works without GitHub. */
export function fileReleases(folder: string): ReleaseStore {
  return {
    async record(manifest) {
      const dir = join(folder, manifest.stack);
      mkdirSync(dir, { recursive: true });
      const stamp = (manifest.finishedAt ?? manifest.startedAt).replaceAll(":", "");
      const file = join(dir, `${stamp}-${manifest.id}.json`);
      writeFileSync(`${file}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`);
      renameSync(`${file}.new`, file);
    },
    async list(stack, limit) {
      const dir = join(folder, stack);
      mkdirSync(dir, { recursive: true });
      return readdirSync(dir)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .reverse()
        .slice(0, limit)
        .map((name) => ReleaseManifest.parse(JSON.parse(readFileSync(join(dir, name), "utf8"))));
    },
  };
}

/** What the stack runs now: its newest release that succeeded. */
export async function currentRelease(
  store: ReleaseStore,
  stack: string,
): Promise<ReleaseManifest | undefined> {
  return (await store.list(stack, HISTORY)).find((release) => release.outcome === "succeeded");
}

/**
 * The release that a rollback goes to: the one named, or the newest one that succeeded before the current one.
 *
 * @throws UserError `release-unknown` with the ids that there are
 */
export async function rollbackTarget(
  store: ReleaseStore,
  stack: string,
  wanted?: string,
): Promise<ReleaseManifest> {
  const releases = (await store.list(stack, HISTORY)).filter((release) => release.outcome === "succeeded");
  const target = wanted
    ? releases.find((release) => release.id === wanted || release.ref === wanted)
    : releases.slice(1).find((release) => release.sha !== releases[0]?.sha);
  if (target) return target;
  const known = releases.map((release) => release.id).slice(0, 10);
  throw new UserError(
    "release-unknown",
    wanted
      ? `Stack ${stack} has no successful release ${wanted}.`
      : `Stack ${stack} has no earlier release to go back to.`,
    known.length > 0 ? `Releases of ${stack}, newest first: ${known.join(", ")}.` : "Deploy the stack first.",
    2,
  );
}
