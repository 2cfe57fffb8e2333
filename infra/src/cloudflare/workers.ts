import { D1Database } from "@pulumi/cloudflare/d1database.js";
import { Queue } from "@pulumi/cloudflare/queue.js";
import { R2Bucket } from "@pulumi/cloudflare/r2bucket.js";
import { WorkersKvNamespace } from "@pulumi/cloudflare/workersKvNamespace.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import type { Deferred } from "../deferred.ts";
import type { Binding, StackOutputs } from "../outputs.ts";
import type { WorkerFolder } from "../repository.ts";

export interface WorkerArgs {
  accountId: string;
  stack: string;
  worker: WorkerFolder;
  /** The stack's host of a first label. */
  hostOf(label: string): string;
  /** Plain variables that every Worker gets. */
  vars: Record<string, string>;
  protect: boolean;
}

/**
 * What a Worker needs around it: one resource for each binding that its wrangler.jsonc declares. The script itself and its
 * routes come with the deploy, as Cloudflare refuses a route to a script that does not exist.
 */
export class Worker extends ComponentResource {
  readonly output: Deferred<StackOutputs["workers"][string]>;

  constructor(name: string, args: WorkerArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Worker", name, {}, options);
    const { accountId, worker } = args;
    const bindings: Record<string, Deferred<Binding>> = {};
    const resourceName = (binding: string) => bindingResourceName(worker.name, binding);
    const physicalName = (binding: string) => `${resourceName(binding)}-${args.stack}`;
    const holdsData = { parent: this, protect: args.protect };

    for (const binding of worker.kvNamespaces) {
      const title = physicalName(binding);
      const { id } = new WorkersKvNamespace(resourceName(binding), { accountId, title }, { parent: this });
      bindings[binding] = { kind: "kv_namespace", id };
    }
    for (const binding of worker.d1Databases) {
      const database = new D1Database(
        resourceName(binding),
        { accountId, name: physicalName(binding) },
        // Cloudflare fills it in by itself, which is no drift.
        { ...holdsData, ignoreChanges: ["readReplication"] },
      );
      bindings[binding] = { kind: "d1_database", id: database.id, name: database.name };
    }
    for (const binding of worker.queues) {
      const queue = new Queue(
        resourceName(binding),
        { accountId, queueName: physicalName(binding) },
        { parent: this },
      );
      bindings[binding] = { kind: "queue", name: queue.queueName };
    }
    for (const binding of worker.r2Buckets) {
      const bucket = new R2Bucket(
        resourceName(binding),
        { accountId, name: physicalName(binding) },
        holdsData,
      );
      bindings[binding] = { kind: "r2_bucket", name: bucket.name };
    }
    for (const binding of worker.analyticsEngineDatasets) {
      // No resource, only a name of its own in each stack; SQL asks for it, so without dashes.
      const dataset = physicalName(binding).replaceAll("-", "_");
      bindings[binding] = { kind: "analytics_engine", dataset };
    }
    for (const [binding, value] of Object.entries(args.vars)) bindings[binding] = { kind: "var", value };

    this.output = {
      scriptName: `${worker.name}-${args.stack}`,
      routes: worker.routes.map((route) => route.replace(/^[^/]+/, args.hostOf)),
      bindings,
    };
    this.registerOutputs({});
  }
}

/** `INTAKE_EVENTS` of the Worker `intake` is `intake-events`; a binding without the Worker's name gets it in front. */
export function bindingResourceName(worker: string, binding: string): string {
  const words = binding.toLowerCase().replaceAll("_", "-");
  return words === worker || words.startsWith(`${worker}-`) ? words : `${worker}-${words}`;
}
