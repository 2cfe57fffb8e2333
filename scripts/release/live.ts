import type { ReleaseManifest } from "./manifest.ts";
import { readRecord } from "./record.ts";

/** What the edge says of itself: for each part of a release what is live now. */
export interface Live {
  workers: Record<string, LiveWorker>;
  sites: Record<string, LiveSite>;
  /** The content of the release record; undefined where it is gone. */
  record: string | undefined;
}

export interface LiveWorker {
  /** Empty where the script is gone. */
  versions: { id: string; percentage: number }[];
  /** Routes of the stack that lead to no script, or to another one. */
  lostRoutes: string[];
  /** When that was deployed (ISO 8601), and by whom, as far as Cloudflare says it. */
  since?: string;
  by?: string;
}

export interface LiveSite {
  deploymentId: string | undefined;
  since?: string;
}

/** One part that is not as the release left it: somebody deployed, rolled back or changed it past the pipeline. */
export interface Stray {
  kind: "worker" | "route" | "site" | "record";
  /** The part's name in the manifest; of the record, `image`. */
  name: string;
  is: string;
  should: string;
  since?: string;
  by?: string;
}

/** What is live and is not what the release deployed. Pure. */
export function straysOf(release: ReleaseManifest, live: Live): Stray[] {
  const strays: Stray[] = [];
  for (const [name, { versionId }] of Object.entries(release.workers)) {
    const worker = live.workers[name];
    if (!worker) continue;
    const { versions, lostRoutes, since, by } = worker;
    if (versions.length !== 1 || versions[0]?.id !== versionId) {
      const is = versions.map(({ id, percentage }) => `version ${id} (${percentage} %)`).join(" and ");
      strays.push({
        kind: "worker",
        name,
        is: is || "no version",
        should: `version ${versionId}`,
        since,
        by,
      });
    }
    if (lostRoutes.length > 0) {
      strays.push({ kind: "route", name, is: "no route", should: lostRoutes.join(", ") });
    }
  }
  for (const [name, { deploymentId }] of Object.entries(release.sites)) {
    const site = live.sites[name];
    if (!site || site.deploymentId === deploymentId) continue;
    strays.push({
      kind: "site",
      name,
      is: site.deploymentId ? `deployment ${site.deploymentId}` : "no deployment",
      should: `deployment ${deploymentId}`,
      since: site.since,
    });
  }
  const announced = live.record === undefined ? undefined : readRecord(live.record)?.image;
  if (announced !== release.image)
    strays.push({
      kind: "record",
      name: "image",
      is: announced ?? (live.record === undefined ? "no record" : "a record that names no image"),
      should: release.image,
    });
  return strays;
}

/** The release as it is live: without the parts that strayed, so that a deployment finds something to do for them. Pure. */
export function withoutStrays(release: ReleaseManifest, strays: readonly Stray[]): ReleaseManifest {
  const gone = (...kinds: Stray["kind"][]) =>
    new Set(strays.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name));
  const keep = <T>(parts: Record<string, T>, strayed: Set<string>): Record<string, T> =>
    Object.fromEntries(Object.entries(parts).filter(([name]) => !strayed.has(name)));
  return {
    ...release,
    workers: keep(release.workers, gone("worker", "route")),
    sites: keep(release.sites, gone("site")),
  };
}

/** The release with what is really live in the place of what it deployed: what a way back starts from. Pure. */
export function asLive(release: ReleaseManifest, live: Live): ReleaseManifest {
  const workers = Object.entries(release.workers).map(([name, worker]) => {
    const ids = live.workers[name]?.versions.map(({ id }) => id) ?? [];
    // Traffic that is split runs no version: whichever it has to be, there is something to do.
    return [name, { ...worker, versionId: ids.join("+") || "none" }] as const;
  });
  const sites = Object.entries(release.sites).map(
    ([name, site]) => [name, { ...site, deploymentId: live.sites[name]?.deploymentId ?? "none" }] as const,
  );
  return {
    ...release,
    workers: Object.fromEntries(workers),
    sites: Object.fromEntries(sites),
    image: (live.record === undefined ? undefined : readRecord(live.record)?.image) ?? "none",
  };
}

/** What a part of each kind is called, and what it does with what is live of it. */
export const STRAY_WORDS: { readonly [kind in Stray["kind"]]: { part: string; verb: string } } = {
  worker: { part: "Worker", verb: "runs" },
  route: { part: "Worker", verb: "is not reached at" },
  site: { part: "Site", verb: "serves" },
  record: { part: "The release record", verb: "names" },
};

/** One sentence for a log. */
export function describeStray({ kind, name, is, should, since, by }: Stray): string {
  const { part, verb } = STRAY_WORDS[kind];
  if (kind === "route") return `${part} ${name} ${verb} ${should} any more.`;
  const when = since ? ` since ${since.slice(0, 16).replace("T", " ")} UTC` : "";
  return `${part}${kind === "record" ? "" : ` ${name}`} ${verb} ${is}${when}${by ? ` (${by})` : ""}, and not ${should}.`;
}
