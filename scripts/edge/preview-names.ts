import type { Binding } from "../../infra/src/outputs.ts";
import type { WorkerSource } from "./parts.ts";
import type { WorkerOutputs } from "./worker-config.ts";

/** What every thing of a pull request's previews is called, so that it can be found again by its name alone. */
export function previewSuffix(pullRequest: number): string {
  return `pr-${pullRequest}`;
}

/** Whose previews: a pull request's, of one project of the repository. */
export interface PreviewPlace {
  pullRequest: number;
  /** The project's, so that two projects may each have a Worker of the same name. */
  prefix: string;
}

/** As a stack's name ends the names of what is its own. */
function placeSuffix({ prefix, pullRequest }: PreviewPlace): string {
  return `${prefix}${previewSuffix(pullRequest)}`;
}

/** The script of a Worker's preview. */
export function previewScript(worker: string, place: PreviewPlace): string {
  return `${worker}-${placeSuffix(place)}`;
}

/** Whether something in the account for previews belongs to a pull request. */
export function isPreviewOf(pullRequest: number, name: string): boolean {
  return name.endsWith(`-${previewSuffix(pullRequest)}`);
}

type BoundKind = "kv_namespace" | "d1_database" | "queue" | "r2_bucket";

/** The resources that a Worker's preview needs: one for each binding, as the stacks have them too. */
export function previewBindings(
  { name, config }: WorkerSource,
  place: PreviewPlace,
): { binding: string; kind: BoundKind; resource: string }[] {
  const lists: [BoundKind, readonly { binding: string }[]][] = [
    ["kv_namespace", config.kv_namespaces],
    ["d1_database", config.d1_databases],
    ["queue", config.queues?.producers ?? []],
    ["r2_bucket", config.r2_buckets],
  ];
  return lists.flatMap(([kind, entries]) =>
    entries.map(({ binding }) => {
      const words = binding.toLowerCase().replaceAll("_", "-");
      const resource = words.startsWith(`${name}-`) ? words : `${name}-${words}`;
      return { binding, kind, resource: `${resource}-${placeSuffix(place)}` };
    }),
  );
}

/** The datasets of Analytics Engine that a Worker's preview writes to; they need not be made. */
export function previewDatasets(
  { name, config }: WorkerSource,
  place: PreviewPlace,
): Record<string, Binding> {
  return Object.fromEntries(
    config.analytics_engine_datasets.map(({ binding }) => {
      const dataset = `${name}-${binding}-${placeSuffix(place)}`.toLowerCase().replaceAll("-", "_");
      return [binding, { kind: "analytics_engine", dataset }];
    }),
  );
}

/**
 * What the previews' Workers are configured with, in the shape of a stack's outputs: scripts of their own, no routes,
 * resources of their own.
 */
export function previewOutputs(
  accountId: string,
  place: PreviewPlace,
  workers: readonly { name: string; bindings: Record<string, Binding> }[],
): WorkerOutputs {
  return {
    accountId,
    zone: { id: "none", name: "none" },
    workers: Object.fromEntries(
      workers.map(({ name, bindings }) => [
        name,
        {
          scriptName: previewScript(name, place),
          routes: [],
          bindings: { ...bindings, STACK: { kind: "var", value: previewSuffix(place.pullRequest) } },
        },
      ]),
    ),
  };
}
