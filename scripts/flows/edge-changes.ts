import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { StackOutputs } from "../../infra/src/outputs.ts";
import type { EdgeChange } from "../change/model.ts";
import { siteHash } from "../edge/build-site.ts";
import type { EdgeParts } from "../edge/parts.ts";
import { workerHash } from "../edge/worker.ts";
import { requireBindings } from "../edge/worker-config.ts";
import { EXIT } from "../errors.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import { rawOutputs } from "../stack/outputs.ts";

/** What a deployment would do at the edge and with the app, by content against the stack's last release. */
export function edgeChanges(
  { workers, sites }: EdgeParts,
  events: readonly EngineEvent[],
  release: ReleaseManifest | undefined,
): EdgeChange[] {
  const outputs = shapedOutputs(events);
  // Before anything is touched, and in the preview of a pull request: the ids may come later, the names not.
  const bound = BoundOutputs.safeParse(rawOutputs(events)).data;
  for (const worker of workers) {
    const stackWorker = bound?.workers[worker.name];
    if (stackWorker) requireBindings(worker, stackWorker.bindings, EXIT.stopped);
  }
  const compare = (
    kind: EdgeChange["kind"],
    name: string,
    before: string | undefined,
    after: string | undefined,
  ): EdgeChange => ({
    kind,
    name,
    action: before === undefined ? "create" : before === after ? "same" : "update",
    before: before?.slice(0, 12),
    after: after?.slice(0, 12) ?? "after the update",
  });
  const changes = [
    ...workers.map((worker) => {
      // Bindings that are not known before the update mean a new configuration, whatever it will be.
      const hash = outputs && isKnown(outputs, worker.name) ? workerHash(worker, outputs) : undefined;
      return compare("worker", worker.name, release?.workers[worker.name]?.contentHash, hash);
    }),
    ...sites.map((site) =>
      compare(
        "site",
        site.name,
        release?.sites[site.name]?.contentHash,
        siteHash(site, outputs?.turnstileSiteKey),
      ),
    ),
  ];
  const image = rawOutputs(events)?.image;
  if (typeof image === "string" && image !== UNKNOWN) {
    changes.push({
      ...compare("image", "app", release?.image, image),
      before: release ? shortImage(release.image) : undefined,
      after: shortImage(image),
    });
  }
  return changes;
}

/** What is known of the Workers' bindings before an update, whatever else is not. */
const BoundOutputs = z.looseObject({
  workers: z.record(
    z.string(),
    z.looseObject({ bindings: z.record(z.string(), z.looseObject({ kind: z.string() })) }),
  ),
});

/** The sentinel that stands for an unknown string in the engine's events. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The stack's outputs as far as they have the right shape before the update; single values may be unknown. */
export function shapedOutputs(events: readonly EngineEvent[]): StackOutputs | undefined {
  return StackOutputs.safeParse(rawOutputs(events)).data;
}

/** Whether all that a Worker's configuration is made of is known. */
function isKnown({ accountId, zone, workers }: StackOutputs, worker: string): boolean {
  return (
    workers[worker] !== undefined && !JSON.stringify([accountId, zone, workers[worker]]).includes(UNKNOWN)
  );
}

function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1");
}
