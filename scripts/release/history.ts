import type { ReleaseManifest } from "./manifest.ts";
import { holdOf } from "./rolled-back.ts";

/** One row of a stack's history, as people read it. */
export interface HistoryRow {
  /** What the stack runs now: the newest release that succeeded. */
  isLive: boolean;
  release: string;
  /** `deployed`, `rolled back to prod-v1.1.0 (edge)`, `resumed`, and whether it failed. */
  what: string;
  failed: boolean;
  ref: string;
  commit: string;
  image: string;
  /** Names of the parts that are not as in the release before. */
  changed: string;
  by: string;
  /** `2026-11-25 03:12`, UTC. */
  at: string;
  /** `3 min 5 s`; empty for what took no time. */
  took: string;
}

/** The history of a stack, newest first, from its releases in that order. Pure. */
export function historyOf(releases: readonly ReleaseManifest[]): HistoryRow[] {
  const live = releases.findIndex(({ outcome }) => outcome === "succeeded");
  return releases.map((release, index) => {
    const { id, kind, outcome, sha, ref, actor, startedAt, finishedAt, image } = release;
    const failed = outcome === "failed";
    const hold = holdOf(release);
    const did = {
      deploy: failed ? "deployment failed" : "deployed",
      rollback: `${failed ? "rollback failed, to" : "rolled back to"} ${hold?.to} (${hold?.scope})`,
      resume: "resumed",
    } as const;
    return {
      isLive: index === live,
      release: id,
      what: did[kind],
      failed,
      ref: ref.replace(/^refs\/(heads|tags)\//, ""),
      commit: sha.slice(0, 7),
      image: image.replace(/^.*@sha256:([0-9a-f]{12}).*$/, "$1"),
      changed: changedParts(release, releases[index + 1]),
      by: actor,
      at: (finishedAt ?? startedAt).slice(0, 16).replace("T", " "),
      took: finishedAt ? duration(Date.parse(finishedAt) - Date.parse(startedAt)) : "",
    };
  });
}

function changedParts(release: ReleaseManifest, before: ReleaseManifest | undefined): string {
  if (!before) return "everything";
  const workers = Object.keys(release.workers).filter(
    (name) => release.workers[name]?.versionId !== before.workers[name]?.versionId,
  );
  const sites = Object.keys(release.sites).filter(
    (name) => release.sites[name]?.deploymentId !== before.sites[name]?.deploymentId,
  );
  return [...workers, ...sites, ...(release.image === before.image ? [] : ["image"])].join(" ");
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds <= 0) return "";
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
