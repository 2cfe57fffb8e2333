import { join } from "node:path";
import type { Binding, StackOutputs } from "../../infra/src/outputs.ts";
import { UserError } from "../errors.ts";
import type { WorkerSource } from "./parts.ts";

/** A complete wrangler configuration: JSON that wrangler takes with `--config`. */
export type DeployConfig = Record<string, unknown>;

/**
 * The configuration that a Worker is deployed with: its own wrangler.jsonc, with the names, routes and resource ids of the
 * stack put in by binding name. Nobody copies an id by hand.
 *
 * @throws UserError `binding-missing` naming every binding that wrangler.jsonc has and the stack's outputs lack
 */
export function workerConfig(worker: WorkerSource, outputs: StackOutputs): DeployConfig {
  const stackWorker = outputs.workers[worker.name];
  if (!stackWorker) {
    throw new UserError(
      "worker-unknown",
      `The stack's outputs know no Worker ${worker.name}.`,
      `Apply the stack: infra/program.ts takes its Workers from the folders of workers/.`,
    );
  }
  const { bindings } = stackWorker;
  const missing: string[] = [];
  const bound = <K extends Binding["kind"]>(
    name: string,
    kind: K,
  ): Extract<Binding, { kind: K }> | undefined => {
    const binding = bindings[name];
    if (binding?.kind === kind) return binding as Extract<Binding, { kind: K }>;
    missing.push(`${name} (${kind})`);
    return undefined;
  };

  const { config } = worker;
  const result: DeployConfig = {
    ...config,
    name: stackWorker.scriptName,
    account_id: outputs.accountId,
    main: join(worker.dir, config.main),
    vars: { ...config.vars, ...stackVariables(bindings) },
    kv_namespaces: config.kv_namespaces.map((entry) => ({
      ...entry,
      id: bound(entry.binding, "kv_namespace")?.id,
    })),
    d1_databases: config.d1_databases.map((entry) => {
      const database = bound(entry.binding, "d1_database");
      return { ...entry, database_id: database?.id, database_name: database?.name };
    }),
    r2_buckets: config.r2_buckets.map((entry) => ({
      ...entry,
      bucket_name: bound(entry.binding, "r2_bucket")?.name,
    })),
    routes: stackWorker.routes.map((pattern) => ({ pattern, zone_id: outputs.zone.id })),
  };
  if (config.queues) {
    result.queues = {
      ...config.queues,
      producers: config.queues.producers.map((entry) => ({
        ...entry,
        queue: bound(entry.binding, "queue")?.name,
      })),
    };
  }
  if (config.services.length > 0) {
    result.services = config.services.map((entry) => ({
      ...entry,
      service: outputs.workers[entry.service]?.scriptName ?? entry.service,
    }));
  }
  if (missing.length > 0) {
    throw new UserError(
      "binding-missing",
      `workers/${worker.name}/wrangler.jsonc names bindings that the stack's outputs lack: ${missing.join(", ")}.`,
      "Add the resource in infra/src/cloudflare/workers.ts under the same binding name, or take the binding out of wrangler.jsonc. Nothing was deployed.",
      3,
    );
  }
  return result;
}

function stackVariables(bindings: Record<string, Binding>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([name, binding]) =>
      binding.kind === "var" ? [[name, binding.value]] : [],
    ),
  );
}
