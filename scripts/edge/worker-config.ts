import { join } from "node:path";
import { z } from "zod";
import type { Binding, StackOutputs } from "../../infra/src/outputs.ts";
import { EXIT, UserError } from "../errors.ts";
import type { WorkerSource } from "./parts.ts";

/** A complete wrangler configuration: JSON that wrangler takes with `--config`. */
export interface DeployConfig {
  /** The script's name. */
  name: string;
  [setting: string]: unknown;
}

/** What the edge has to know of a stack to configure its Workers. */
export type WorkerOutputs = Pick<StackOutputs, "accountId" | "zone" | "workers">;

/**
 * The configuration that a Worker is deployed with: its own wrangler.jsonc, with the names, routes and resource ids of the
 * stack put in by binding name. Nobody copies an id by hand.
 *
 * @throws UserError `binding-missing` naming every binding that wrangler.jsonc has and the stack's outputs lack
 */
export function workerConfig(worker: WorkerSource, outputs: WorkerOutputs): DeployConfig {
  const stackWorker = outputs.workers[worker.name];
  if (!stackWorker) {
    throw new UserError(
      "worker-unknown",
      `The stack's outputs know no Worker ${worker.name}.`,
      "Apply the stack: infra/program.ts takes its Workers from the folders of workers/.",
    );
  }
  const { bindings } = stackWorker;
  requireBindings(worker, bindings, EXIT.failed);
  const bound = <K extends Binding["kind"]>(name: string, kind: K): BindingOf<K> | undefined => {
    const binding = bindings[name];
    return binding && isOfKind(binding, kind) ? binding : undefined;
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
    analytics_engine_datasets: config.analytics_engine_datasets.map((entry) => ({
      ...entry,
      dataset: bound(entry.binding, "analytics_engine")?.dataset,
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
  if (config.assets?.directory) {
    // wrangler looks for it beside the configuration, and that is not where the Worker is.
    result.assets = { ...config.assets, directory: join(worker.dir, config.assets.directory) };
  }
  if (config.services.length > 0) {
    result.services = config.services.map((entry) => ({
      ...entry,
      service: outputs.workers[entry.service]?.scriptName ?? entry.service,
    }));
  }
  return result;
}

/**
 * Holds what a Worker wants to bind against what its stack has, by name and kind; the ids may not be known yet.
 *
 * @param exit how the process ends: stopped, where nothing was touched so far
 * @throws UserError `binding-missing` naming every binding that wrangler.jsonc has and the stack's outputs lack
 */
export function requireBindings(
  { name, config }: WorkerSource,
  bindings: Readonly<Record<string, { kind: string }>>,
  exit: typeof EXIT.failed | typeof EXIT.stopped,
): void {
  const missing = wantedBindings(config)
    .filter(({ binding, kind }) => bindings[binding]?.kind !== kind)
    .map(({ binding, kind }) => `${binding} (${kind})`);
  if (missing.length === 0) return;
  throw new UserError(
    "binding-missing",
    `workers/${name}/wrangler.jsonc names bindings that the stack's outputs lack: ${missing.join(", ")}.`,
    `Add the resource in infra/src/cloudflare/workers.ts under the same binding name, or take the binding out of wrangler.jsonc. ${exit === EXIT.stopped ? "Nothing was touched." : "No Worker and no site was deployed."}`,
    exit,
  );
}

/** Every binding of a configuration that stands for something in the account. */
function wantedBindings(config: WorkerSource["config"]): { binding: string; kind: string }[] {
  const of = (kind: string, entries: readonly { binding: string }[]) =>
    entries.map(({ binding }) => ({ binding, kind }));
  return [
    ...of("kv_namespace", config.kv_namespaces),
    ...of("d1_database", config.d1_databases),
    ...of("r2_bucket", config.r2_buckets),
    ...of("analytics_engine", config.analytics_engine_datasets),
    ...of("queue", config.queues?.producers ?? []),
    // Kinds that no stack has yet: wrangler would take the id that stands in the file, whosever it is.
    ...UNSUPPORTED.flatMap((kind) => of(kind, BoundEntries.safeParse(config[kind]).data ?? [])),
  ];
}

const BoundEntries = z.array(z.looseObject({ binding: z.string() }));

/** https://developers.cloudflare.com/workers/wrangler/configuration/#bindings, those with an id or a name in the account. */
const UNSUPPORTED = [
  "ai_search",
  "ai_search_namespaces",
  "dispatch_namespaces",
  "hyperdrive",
  "mtls_certificates",
  "pipelines",
  "secrets_store_secrets",
  "vectorize",
  "vpc_networks",
  "vpc_services",
] as const;

type BindingOf<K extends Binding["kind"]> = Extract<Binding, { kind: K }>;

function isOfKind<K extends Binding["kind"]>(binding: Binding, kind: K): binding is BindingOf<K> {
  return binding.kind === kind;
}

function stackVariables(bindings: Record<string, Binding>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([name, binding]) =>
      binding.kind === "var" ? [[name, binding.value]] : [],
    ),
  );
}
