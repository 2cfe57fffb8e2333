import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import {
  type Checkpoint,
  exportCheckpoint,
  importCheckpoint,
  type StateResource,
} from "../stack/checkpoint.ts";
import { rawOutputs } from "../stack/outputs.ts";
import { readPlanGoals } from "../stack/plan-goals.ts";
import type { Preview } from "../stack/preview.ts";
import { refreshStack } from "../stack/refresh.ts";
import { type Adoption, repairCheckpoint } from "../stack/repair.ts";
import type { StackTarget } from "../stack/target.ts";
import type { Clouds } from "./adoption/rule.ts";
import { findLeftovers, findUnwanted } from "./find-leftovers.ts";

/** What was mended before an update; every line is for people. */
export interface Reconciled {
  /** The preview of what is left to do. */
  preview: Preview;
  /** URNs of resources that a cloud had and the state did not. */
  adopted: string[];
  /** URNs of resources whose last operation nobody knew the end of. */
  doubted: string[];
  /** URNs of resources that were read anew, as their clouds may have done what the state does not know. */
  reread: string[];
  report: string[];
  /** The state as it is now, where it was looked at. */
  state: Checkpoint | undefined;
}

export interface Reconciliation {
  target: StackTarget;
  /** The preview to start from, with the plan that it saved. */
  preview: Preview;
  planFile: string;
  /** An earlier update did not end in order: what it may have half done is read anew. */
  doubtful: boolean;
  clouds(zoneId: string | undefined): Clouds;
  /** Previews once more, into the same plan file. */
  again(): Promise<Preview>;
  /** Keeps the state as it was, before it is changed. */
  backup(checkpoint: Checkpoint): void;
  signal?: AbortSignal;
}

/** A stack is as deep as its longest chain of things that each need the one before; ten is twice that. */
const MOST_ROUNDS = 10;
const IN_DOUBT = new Set(["update", "replace", "delete"]);

/**
 * Brings the state up to what an earlier update has really done, whose end nobody saw: takes over what the clouds have and
 * the state does not, settles operations that were under way, and reads anew what may be half done. Writes to the state
 * alone, never to a cloud.
 *
 * One round can find what only the ids of the round before make known (a network's subnets), so it goes on until a
 * preview finds nothing more.
 */
export async function reconcile(order: Reconciliation): Promise<Reconciled> {
  const { target, planFile, signal } = order;
  let { preview } = order;
  const adopted: string[] = [];
  const doubted: string[] = [];
  const reread = new Set<string>();
  const report: string[] = [];
  let state: Checkpoint | undefined;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const goals = readPlanGoals(planFile);
    const clouds = order.clouds(zoneOf(preview.events));
    // A preview does not say which operations were under way when an update ended: the state does.
    const [found, stored] = await Promise.all([
      findLeftovers(clouds, goals, preview.events),
      order.doubtful || changes(preview) ? exportCheckpoint(target) : undefined,
    ]);
    state = stored;
    const inDoubt = round === 1 && order.doubtful ? stepsInDoubt(preview) : [];
    const pending = state?.deployment.pending_operations ?? [];
    if (found.length === 0 && inDoubt.length === 0 && pending.length === 0) break;
    const before = state ?? (await exportCheckpoint(target));
    const unwanted = await findUnwanted(clouds, goals, before.deployment.pending_operations);
    const { checkpoint, adopted: fresh, settled } = repairCheckpoint(before, goals, found, unwanted);
    const unsure = settled.flatMap(({ type, resource }) => (type === "creating" ? [] : [resource.urn]));
    const there = new Set(checkpoint.deployment.resources.map(({ urn }) => urn));
    const toRead = [...new Set([...fresh, ...inDoubt, ...unsure])].filter((urn) => there.has(urn));
    signal?.throwIfAborted();
    order.backup(before);
    if (fresh.length > 0 || settled.length > 0) await importCheckpoint(target, checkpoint);
    if (toRead.length > 0) await refreshStack(target, { urns: toRead, ...(signal ? { signal } : {}) });
    for (const urn of toRead) reread.add(urn);
    adopted.push(...fresh);
    doubted.push(...settled.map(({ resource }) => resource.urn));
    report.push(...tell(found, unwanted, fresh, settled));
    preview = await order.again();
    state = undefined;
  }
  return { preview, adopted, doubted, reread: [...reread], report, state };
}

/** Whether an update would do anything. */
export function changes({ change }: Preview): boolean {
  return change.steps.length > 0 || change.outputs.length > 0;
}

function stepsInDoubt({ change }: Preview): string[] {
  return change.steps.flatMap(({ urn, operation }) => (IN_DOUBT.has(operation) ? [urn] : []));
}

function zoneOf(events: readonly EngineEvent[]): string | undefined {
  const zone = rawOutputs(events)?.zone;
  const id = typeof zone === "object" && zone !== null && "id" in zone ? zone.id : undefined;
  return typeof id === "string" ? id : undefined;
}

function tell(
  found: readonly Adoption[],
  unwanted: readonly StateResource[],
  adopted: readonly string[],
  settled: Checkpoint["deployment"]["pending_operations"],
): string[] {
  const name = (urn: string) => {
    const [type = "", label = ""] = urn.split("::").slice(-2);
    return `${type.split("$").at(-1)?.split(":").at(-1)} ${label}`;
  };
  const isAdopted = new Set(adopted);
  return [
    ...found.map(({ urn, id }) => `${name(urn)} (${id}) was there already and is taken over`),
    ...unwanted.map(
      ({ urn, id }) =>
        `${name(urn)} (${id}) was being created, and this commit does not have it: it is taken over, to be deleted`,
    ),
    ...settled
      .filter(({ resource }) => !isAdopted.has(resource.urn))
      .map(({ type, resource }) =>
        type === "creating"
          ? `${name(resource.urn)} was being created and is not there: it is created again`
          : `${name(resource.urn)} was ${type}: it was read anew`,
      ),
  ];
}
