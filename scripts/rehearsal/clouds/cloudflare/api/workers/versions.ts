import { createHash } from "node:crypto";
import { ApiError } from "../../envelope.ts";
import { hexId, uuid } from "../../ids.ts";
import type { Deployment, Script, Version } from "../../model.ts";
import type { CloudState } from "../../state.ts";
import { resolvedBindings, shownBinding } from "./bindings.ts";
import { migrated } from "./migrations.ts";
import type { Upload } from "./upload.ts";

/** How many versions back a deployment may reach (https://developers.cloudflare.com/workers/versions-and-deployments/rollbacks/). */
export const DEPLOYABLE_VERSIONS = 100;
const AUTHOR = "team@example.com";

export function scriptOr404(state: CloudState, name: string): Script {
  const script = state.scripts.get(name);
  if (!script) throw new ApiError(404, 10007, "This Worker does not exist on your account.");
  return script;
}

export function versionOr404(state: CloudState, script: string, id: string): Version {
  const version = state.versions(script).get(id);
  if (!version) throw new ApiError(404, 100146, "workers.api.error.deployment_not_found");
  return version;
}

export function latestVersion(state: CloudState, script: string): Version | undefined {
  return state.versions(script).list().at(-1);
}

export function activeDeployment(state: CloudState, script: string): Deployment | undefined {
  return state.deployments(script).list().at(-1);
}

/** A script that is not there yet; it is only kept once its first version is. */
export function newScript(state: CloudState, name: string): Script {
  if (!/^[a-z0-9_][a-z0-9-_]{0,62}$/.test(name))
    throw new ApiError(400, 10016, `Invalid Worker name: "${name}".`);
  const now = state.timestamp();
  return {
    name,
    tag: hexId(),
    created_on: now,
    modified_on: now,
    workersDev: { enabled: false, previews_enabled: false },
    settings: { logpush: false, tags: [], observability: { enabled: false }, tail_consumers: [] },
    schedules: [],
    classes: {},
    lastVersion: 0,
  };
}

/**
 * Keeps a new version of a script from an upload; migrations are applied only where they may be (a whole deploy).
 * @throws ApiError 400 (10211) for a version upload that brings a migration
 */
export function addVersion(
  state: CloudState,
  before: Script,
  upload: Upload,
  options: { migrations: boolean; source: string },
): { script: Script; version: Version } {
  const { metadata } = upload;
  if (metadata.migrations && !options.migrations)
    throw new ApiError(
      400,
      10211,
      "Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object migration, but migrations must be fully applied via a non-versioned deployment.",
    );
  const script: Script = {
    ...before,
    ...(metadata.migrations ? migrated(before, metadata.migrations) : {}),
    lastVersion: before.lastVersion + 1,
    modified_on: state.timestamp(),
  };
  const last = latestVersion(state, script.name);
  const etag = createHash("sha256")
    .update(upload.modules.map((module) => module.name + module.blob).join())
    .digest("hex");
  const version: Version = {
    id: uuid(),
    number: script.lastVersion,
    script: script.name,
    created_on: state.timestamp(),
    source: options.source,
    annotations: { "workers/triggered_by": "upload", ...metadata.annotations },
    mainModule: upload.mainModule,
    modules: upload.modules,
    bindings: resolvedBindings(state, script, metadata.bindings, metadata.keep_bindings, last),
    compatibilityDate: metadata.compatibility_date ?? "2021-11-02",
    compatibilityFlags: metadata.compatibility_flags,
    etag,
    handlers: handlersOf(state, upload),
    // Cloudflare makes no preview URLs for Workers that implement Durable Objects.
    previews: Object.keys(script.classes).length === 0,
    ...(script.migrationTag ? { migrationTag: script.migrationTag } : {}),
  };
  state.scripts.put(script.name, script);
  state.versions(script.name).put(version.id, version);
  return { script, version };
}

/** Which handlers the main module seems to have; Cloudflare finds out by running it. */
function handlersOf(state: CloudState, upload: Upload): string[] {
  const main = upload.modules.find((module) => module.name === upload.mainModule);
  const text = main ? state.blobs.get(main.blob).toString("utf8") : "";
  return ["fetch", "queue", "scheduled", "email", "tail"].filter((name) =>
    new RegExp(`\\b${name}\\b\\s*[(:,]`).test(text),
  );
}

/** Keeps a copy of a version with other bindings: a changed secret is a version of its own. */
export function addDerivedVersion(
  state: CloudState,
  script: Script,
  from: Version,
  bindings: Version["bindings"],
  annotations: Record<string, string>,
): Version {
  const number = script.lastVersion + 1;
  state.scripts.put(script.name, { ...script, lastVersion: number, modified_on: state.timestamp() });
  const id = uuid();
  return state
    .versions(script.name)
    .put(id, { ...from, id, number, bindings, annotations, created_on: state.timestamp() });
}

/**
 * Makes a deployment the active one.
 * @throws ApiError 400: 100147 older than the hundred newest versions, 100140 across a Durable Object migration or with
 * a bound resource gone, 10220 with secrets changed since and `force` not set
 */
export function addDeployment(
  state: CloudState,
  script: Script,
  versions: Deployment["versions"],
  options: { annotations?: Record<string, string>; source: string; force?: boolean },
): Deployment {
  const all = state.versions(script.name).list();
  const deployable = new Set(all.slice(-DEPLOYABLE_VERSIONS).map(({ id }) => id));
  const active = activeDeployment(state, script.name);
  const running = active?.versions[0] && state.versions(script.name).get(active.versions[0].version_id);
  for (const { version_id } of versions) {
    const version = versionOr404(state, script.name, version_id);
    if (!deployable.has(version_id)) throw new ApiError(400, 100147, "workers.api.error.deployment_too_old");
    if (version.migrationTag !== script.migrationTag)
      throw new ApiError(
        400,
        100140,
        `Failed to rollback due to external resources being modified (durable-object:${script.migrationTag ?? ""})`,
      );
    const gone = version.bindings.find((binding) => isGone(state, binding));
    if (gone)
      throw new ApiError(
        400,
        100140,
        `Failed to rollback due to external resources being modified (${gone.type}:${gone.name})`,
      );
    if (!options.force && running && version.number < running.number) {
      const changed = changedSecrets(version, running);
      if (changed.length > 0)
        throw new ApiError(
          400,
          10220,
          `Version ${version_id} can't be deployed without confirmation. The following secrets have changed: ${changed.join(", ")}`,
        );
    }
  }
  const id = uuid();
  const deployment = state.deployments(script.name).put(id, {
    id,
    script: script.name,
    source: options.source,
    strategy: "percentage",
    author_email: AUTHOR,
    created_on: state.timestamp(),
    annotations: {
      "workers/triggered_by": "deployment",
      ...Object.fromEntries(Object.entries(options.annotations ?? {}).filter(([, value]) => value != null)),
    },
    versions,
  });
  state.workersChanged();
  return deployment;
}

function isGone(state: CloudState, binding: Version["bindings"][number]): boolean {
  switch (binding.type) {
    case "kv_namespace":
      return !state.kv.get(String(binding.namespace_id));
    case "d1":
      return !state.d1.get(String(binding.id ?? binding.database_id));
    case "r2_bucket":
      return !state.r2.get(String(binding.bucket_name));
    case "queue":
      return !state.queues.list().some((queue) => queue.queue_name === binding.queue_name);
    default:
      return false;
  }
}

function secretsOf(version: Version): Map<string, unknown> {
  return new Map(
    version.bindings.filter(({ type }) => type === "secret_text").map(({ name, text }) => [name, text]),
  );
}

function changedSecrets(target: Version, running: Version): string[] {
  const a = secretsOf(target);
  const b = secretsOf(running);
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).sort();
}

/** A version as `GET …/versions/ID` shows it. */
export function shownVersion(script: Script, version: Version) {
  return {
    ...listedVersion(version),
    resources: {
      bindings: version.bindings.map((binding) => shownBinding(script, binding)),
      script: {
        etag: version.etag,
        handlers: version.handlers,
        named_handlers: null,
        last_deployed_from: version.source,
      },
      script_runtime: {
        compatibility_date: version.compatibilityDate,
        compatibility_flags: version.compatibilityFlags,
        usage_model: "standard",
        limits: {},
        migration_tag: version.migrationTag ?? null,
      },
    },
    startup_time_ms: 5,
  };
}

/** A version as lists show it, without its resources. */
export function listedVersion(version: Version) {
  return {
    id: version.id,
    number: version.number,
    metadata: {
      created_on: version.created_on,
      modified_on: version.created_on,
      source: version.source,
      author_id: "team",
      author_email: AUTHOR,
      hasPreview: version.previews,
      has_preview: version.previews,
    },
    annotations: version.annotations,
  };
}
