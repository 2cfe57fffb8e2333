import type { ReleaseManifest, Scope } from "./manifest.ts";

/** One part that a rollback brings back. */
export type RollbackStep =
  | { kind: "worker"; name: string; scriptName: string; from?: string; to: string }
  | { kind: "site"; name: string; project: string; from?: string; to: string }
  | { kind: "image"; from: string; to: string }
  | { kind: "infra"; from: string; to: string };

export interface RollbackPlan {
  steps: RollbackStep[];
  /** What a rollback of this scope does not bring back, one sentence each: said before anything is done. */
  limits: string[];
}

/**
 * What has to be done to get from what runs now to an earlier release, within a scope. With `refresh` the infrastructure is
 * gone over although its commit is the same. Pure.
 */
export function planRollback(
  current: ReleaseManifest,
  target: ReleaseManifest,
  scope: Scope,
  options: { refresh?: boolean } = {},
): RollbackPlan {
  const steps: RollbackStep[] = [];
  const limits: string[] = [];
  const has = (part: Scope) => scope === "all" || scope === part;

  if (has("infra") && (current.sha !== target.sha || options.refresh)) {
    steps.push({ kind: "infra", from: current.sha, to: target.sha });
    limits.push("Data in a resource that was deleted since then does not come back with the resource.");
  }
  if (has("edge")) {
    for (const [name, worker] of Object.entries(target.workers)) {
      const from = current.workers[name]?.versionId;
      if (from === worker.versionId) continue;
      steps.push({ kind: "worker", name, scriptName: worker.scriptName, from, to: worker.versionId });
    }
    for (const [name, site] of Object.entries(target.sites)) {
      const from = current.sites[name]?.deploymentId;
      if (from === site.deploymentId) continue;
      steps.push({ kind: "site", name, project: site.project, from, to: site.deploymentId });
    }
    const newer = [
      ...Object.keys(current.workers)
        .filter((name) => !(name in target.workers))
        .map((name) => `Worker ${name}`),
      ...Object.keys(current.sites)
        .filter((name) => !(name in target.sites))
        .map((name) => `site ${name}`),
    ];
    if (newer.length > 0) limits.push(`Newer than ${target.id} and left as they are: ${newer.join(", ")}.`);
    const rekeyed = steps.flatMap((step) => {
      if (step.kind !== "worker") return [];
      const now = current.workers[step.name]?.secretsHash;
      return now === undefined || now === target.workers[step.name]?.secretsHash ? [] : [step.name];
    });
    if (rekeyed.length > 0) {
      limits.push(
        `Secrets have changed since then, and the old values are in use again: Worker ${rekeyed.join(", ")}. If one has leaked, deploy instead of rolling back.`,
      );
    }
    if (steps.some((step) => step.kind === "worker")) {
      limits.push(
        "What Workers stored (KV, D1, R2, Durable Objects, queues) stays as it is now; only code and bindings go back.",
      );
    }
  }
  if (has("app") && current.image !== target.image) {
    steps.push({ kind: "image", from: current.image, to: target.image });
    limits.push("Database migrations that ran since then are not undone.");
  }
  return { steps, limits };
}

/**
 * What a stack runs when these steps of a rollback are done. Its commit is the infrastructure's: a Worker or an image of
 * another release says so by its own version. Pure.
 */
export function afterRollback(
  current: ReleaseManifest,
  target: ReleaseManifest,
  done: readonly RollbackStep[],
): ReleaseManifest {
  const after = { ...current, workers: { ...current.workers }, sites: { ...current.sites } };
  for (const step of done) {
    switch (step.kind) {
      case "worker": {
        const worker = target.workers[step.name];
        if (worker) after.workers[step.name] = worker;
        break;
      }
      case "site": {
        const site = target.sites[step.name];
        if (site) after.sites[step.name] = site;
        break;
      }
      case "image":
        after.image = step.to;
        break;
      case "infra":
        after.sha = step.to;
        after.ref = target.ref;
    }
  }
  return after;
}

/** One line for a person. */
export function describeStep(step: RollbackStep): string {
  switch (step.kind) {
    case "worker":
      return `Worker ${step.name}: version ${short(step.from)} → ${short(step.to)}`;
    case "site":
      return `Site ${step.name}: deployment ${short(step.from)} → ${short(step.to)}`;
    case "image":
      return `App image: ${step.from.slice(-12)} → ${step.to.slice(-12)}`;
    case "infra":
      return step.from === step.to
        ? `Infrastructure: as commit ${short(step.to)} has it`
        : `Infrastructure: commit ${short(step.from)} → ${short(step.to)}`;
  }
}

function short(id: string | undefined): string {
  return id?.slice(0, 8) ?? "none";
}
