import type { V4WorkerOptions } from "miniflare";
import type { Script, Version, WorkerBinding } from "../model.ts";
import type { CloudState } from "../state.ts";

/** One version that the runtime holds, under the name that it has there. */
export interface Loaded {
  script: Script;
  version: Version;
  name: string;
}

/** What the options of one version need to know of the others. */
export interface Neighbours {
  /** The runtime name of the version that owns a script's Durable Objects and answers for it as a service. */
  hostOf(script: string): string | undefined;
  outbound: (request: Request) => Promise<Response>;
}

export const QUEUES_WORKER = "edge-queues";

/** The name of a version within the runtime. */
export function runtimeName(version: Version): string {
  return `${version.script}--${version.id}`;
}

/** Options of one version for Miniflare: its modules, and its bindings led to the account's resources. */
export function workerOptions(state: CloudState, loaded: Loaded, neighbours: Neighbours): V4WorkerOptions {
  const { version, name } = loaded;
  const ordered = [...version.modules].sort(
    (a, b) => Number(b.name === version.mainModule) - Number(a.name === version.mainModule),
  );
  const options = {
    name,
    compatibilityDate: version.compatibilityDate,
    compatibilityFlags: version.compatibilityFlags,
    modulesRoot: "/",
    modules: ordered.map((module) => ({
      type: module.type as "ESModule",
      path: `/${module.name}`,
      contents: isText(module.type)
        ? state.blobs.get(module.blob).toString("utf8")
        : new Uint8Array(state.blobs.get(module.blob)),
    })),
    bindings: {} as Record<string, never>,
    kvNamespaces: {} as Record<string, string>,
    d1Databases: {} as Record<string, string>,
    r2Buckets: {} as Record<string, string>,
    durableObjects: {} as Record<string, DurableObject>,
    serviceBindings: {} as Record<string, Service>,
    analyticsEngineDatasets: {} as Record<string, { dataset: string }>,
    ratelimits: {} as Record<string, { simple: { limit: number; period: 10 | 60 } }>,
    outboundService: neighbours.outbound,
    stripCfConnectingIp: false,
  };
  for (const binding of version.bindings) bind(options, binding, loaded, state, neighbours);
  return options as unknown as V4WorkerOptions;
}

function isText(type: string): boolean {
  return type === "ESModule" || type === "CommonJS" || type === "Text";
}

interface DurableObject {
  className: string;
  scriptName?: string;
  useSQLite: boolean;
  unsafeUniqueKey: string;
}
type Service =
  | string
  | { name: string; entrypoint?: string; props?: Record<string, unknown> }
  | ((request: Request) => Promise<Response>);

function bind(
  options: {
    bindings: Record<string, unknown>;
    kvNamespaces: Record<string, string>;
    d1Databases: Record<string, string>;
    r2Buckets: Record<string, string>;
    durableObjects: Record<string, DurableObject>;
    serviceBindings: Record<string, Service>;
    analyticsEngineDatasets: Record<string, { dataset: string }>;
    ratelimits: Record<string, unknown>;
  },
  binding: WorkerBinding,
  { script, version, name }: Loaded,
  state: CloudState,
  neighbours: Neighbours,
): void {
  switch (binding.type) {
    case "plain_text":
    case "secret_text":
      options.bindings[binding.name] = binding.text;
      return;
    case "json":
      options.bindings[binding.name] = binding.json;
      return;
    case "version_metadata":
      options.bindings[binding.name] = {
        id: version.id,
        tag: version.annotations["workers/tag"] ?? "",
        timestamp: version.created_on,
      };
      return;
    case "kv_namespace":
      options.kvNamespaces[binding.name] = String(binding.namespace_id);
      return;
    case "d1":
      options.d1Databases[binding.name] = String(binding.id ?? binding.database_id);
      return;
    case "r2_bucket":
      options.r2Buckets[binding.name] = String(binding.bucket_name);
      return;
    case "analytics_engine":
      options.analyticsEngineDatasets[binding.name] = { dataset: String(binding.dataset) };
      return;
    case "ratelimit":
      options.ratelimits[binding.name] = { simple: binding.simple };
      return;
    case "queue":
      options.serviceBindings[binding.name] = {
        name: QUEUES_WORKER,
        entrypoint: "Producer",
        props: { queue: binding.queue_name },
      };
      return;
    case "service": {
      const target = neighbours.hostOf(String(binding.service));
      options.serviceBindings[binding.name] = !target
        ? async () => new Response("The bound Worker is gone", { status: 502 })
        : binding.entrypoint
          ? { name: target, entrypoint: String(binding.entrypoint) }
          : target;
      return;
    }
    case "durable_object_namespace": {
      const owner = String(binding.script_name ?? script.name);
      const kind = state.scripts.get(owner)?.classes[String(binding.class_name)];
      const host = neighbours.hostOf(owner);
      if (!kind || !host) return;
      options.durableObjects[binding.name] = {
        className: String(binding.class_name),
        useSQLite: kind.sqlite,
        unsafeUniqueKey: kind.namespaceId,
        // One version at a time owns a script's objects, so that each object lives once.
        ...(host === name ? {} : { scriptName: host }),
      };
      return;
    }
  }
}
