import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Github } from "../github/client.ts";
import {
  createDeployment,
  listDeployments,
  listPayloads,
  setDeploymentStatus,
} from "../github/deployment.ts";
import { ReleaseManifest } from "./manifest.ts";

/** Where releases are written down. Newest first wherever there is an order. */
export interface ReleaseStore {
  /** @param environmentUrl where people look at the stack; left out where nothing was deployed */
  record(manifest: ReleaseManifest, environmentUrl?: string): Promise<void>;
  list(stack: string, limit: number): Promise<ReleaseManifest[]>;
  /** Finishes the newest release's record where its pipeline was killed half-way through it. */
  settle(stack: string, environmentUrl: string): Promise<void>;
}

/** How many releases are looked through: as many as Cloudflare keeps Worker versions to go back to. */
const HISTORY = 100;

/** Tells a release from the deployments that Actions makes by itself for a job with an environment. */
const TASK = "release";

const TITLES = { deploy: "Release", rollback: "Rollback", resume: "Resume" } as const;

/**
 * Releases as GitHub Deployments of the environment that has the stack's name; the manifest is the payload. It is written
 * when the release has ended, since a deployment's payload can't be changed afterwards.
 */
export function githubReleases(github: Github): ReleaseStore {
  const tellState = (deployment: number, manifest: ReleaseManifest, environmentUrl: string | undefined) =>
    setDeploymentStatus(github, deployment, {
      state: manifest.outcome === "succeeded" ? "success" : "failure",
      environmentUrl,
      logUrl: manifest.runUrl,
      description: manifest.id,
    });
  return {
    async record(manifest, environmentUrl) {
      const deployment = await createDeployment(github, {
        ref: manifest.sha,
        environment: manifest.stack,
        task: TASK,
        production: /(^|-)prod$/.test(manifest.stack),
        description: `${TITLES[manifest.kind]} ${manifest.id}`,
        payload: manifest,
      });
      await tellState(deployment.id, manifest, environmentUrl);
    },
    list: (stack, limit) => listPayloads(github, stack, { limit, payload: ReleaseManifest, task: TASK }),
    async settle(stack, environmentUrl) {
      const [last] = await listDeployments(github, stack, { limit: 1, payload: ReleaseManifest, task: TASK });
      if (last && last.state === undefined) await tellState(last.id, last.payload, environmentUrl);
    },
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
      if (!existsSync(dir)) return [];
      return readdirSync(dir)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .reverse()
        .slice(0, limit)
        .map((name) => readManifest(join(dir, name)));
    },
    // A file is there whole or not at all.
    settle: async () => undefined,
  };
}

function readManifest(file: string): ReleaseManifest {
  const problem = (what: string) =>
    new UserError(
      "release-unreadable",
      `${file} is no release: ${what}.`,
      "Bring the file back from a backup, or delete it.",
    );
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw problem(String(error));
  }
  const parsed = ReleaseManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw problem(z.prettifyError(parsed.error));
}

/** What the stack runs now: its newest release that succeeded. */
export async function currentRelease(
  store: ReleaseStore,
  stack: string,
): Promise<ReleaseManifest | undefined> {
  return (await latestReleases(store, stack)).current;
}

/** The two releases that a deployment builds on; the same one where the last went well. */
export interface LatestReleases {
  /** What the stack runs: the newest release that succeeded. */
  current: ReleaseManifest | undefined;
  /** The newest of all. Where it failed, its Workers and sites are what is live all the same. */
  last: ReleaseManifest | undefined;
}

export async function latestReleases(store: ReleaseStore, stack: string): Promise<LatestReleases> {
  const releases = await store.list(stack, HISTORY);
  return { current: releases.find(({ outcome }) => outcome === "succeeded"), last: releases[0] };
}

/**
 * The release that a rollback goes to: the one named (by its id or its tag), or the newest one that succeeded before the last that
 * brought the stack something.
 *
 * @throws UserError `release-unknown` with the ids that there are
 */
export async function rollbackTarget(
  store: ReleaseStore,
  stack: string,
  wanted?: string,
): Promise<ReleaseManifest> {
  const all = await store.list(stack, HISTORY);
  const releases = all.filter((release) => release.outcome === "succeeded");
  const last = all.find(({ unchanged }) => unchanged !== true) ?? all[0];
  const target = wanted
    ? releases.find(({ id, ref }) => [id, ref, ref.replace("refs/tags/", "")].includes(wanted))
    : all
        .slice(last && all.indexOf(last))
        .find(({ outcome, sha }) => outcome === "succeeded" && sha !== last?.sha);
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
