import type { Context, Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, param } from "../../envelope.ts";
import type { Script, Version } from "../../model.ts";
import type { CloudState } from "../../state.ts";
import { shownBinding } from "./bindings.ts";
import { readUpload } from "./upload.ts";
import {
  activeDeployment,
  addDeployment,
  addDerivedVersion,
  addVersion,
  DEPLOYABLE_VERSIONS,
  latestVersion,
  listedVersion,
  newScript,
  scriptOr404,
  shownVersion,
  versionOr404,
} from "./versions.ts";

const Secret = z.object({ name: z.string(), text: z.string(), type: z.string().default("secret_text") });
const Deploy = z.object({
  strategy: z.literal("percentage"),
  versions: z
    .array(z.object({ version_id: z.string(), percentage: z.number().min(0).max(100) }))
    .min(1)
    .max(2),
  annotations: z.record(z.string(), z.string().nullish()).nullish(),
});
const ScriptSettings = z.looseObject({
  logpush: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
  observability: z.unknown().optional(),
  tail_consumers: z.unknown().optional(),
});

/** Who uploads: wrangler names itself in its user agent. */
function sourceOf(c: Context): string {
  return c.req.header("user-agent")?.startsWith("wrangler") ? "wrangler" : "api";
}

/** Scripts with their versions, deployments, secrets and settings (https://developers.cloudflare.com/api/resources/workers/). */
export function scripts(api: Hono, state: CloudState): void {
  const base = "/accounts/:account/workers/scripts";
  const script = (c: Context) => scriptOr404(state, param(c, "script"));

  const shownScript = (one: Script, version: Version | undefined) => ({
    id: one.name,
    tag: one.tag,
    tags: one.settings.tags,
    etag: version?.etag,
    handlers: version?.handlers ?? [],
    named_handlers: [],
    has_assets: false,
    has_modules: true,
    created_on: one.created_on,
    modified_on: one.modified_on,
    last_deployed_from: version?.source,
    logpush: one.settings.logpush,
    observability: one.settings.observability,
    tail_consumers: one.settings.tail_consumers,
    migration_tag: one.migrationTag,
    compatibility_date: version?.compatibilityDate,
    compatibility_flags: version?.compatibilityFlags,
    usage_model: "standard",
    placement: {},
    startup_time_ms: 5,
  });

  api.get(base, (c) =>
    ok(
      c,
      state.scripts.list().map((one) => shownScript(one, latestVersion(state, one.name))),
    ),
  );
  api.put(`${base}/:script`, async (c) => {
    const upload = await readUpload(c, state.blobs);
    const { after, version } = state.store.transaction(() => {
      const before = state.scripts.get(param(c, "script")) ?? newScript(state, param(c, "script"));
      const added = addVersion(state, before, upload, { migrations: true, source: sourceOf(c) });
      const { observability, logpush, tail_consumers, tags } = upload.metadata;
      const after = state.scripts.put(before.name, {
        ...added.script,
        settings: {
          logpush: logpush ?? false,
          observability: observability ?? { enabled: false },
          tail_consumers: tail_consumers ?? [],
          tags: tags ?? before.settings.tags,
        },
      });
      addDeployment(state, after, [{ version_id: added.version.id, percentage: 100 }], {
        source: sourceOf(c),
        annotations: upload.metadata.annotations ?? {},
        force: true,
      });
      return { after, version: added.version };
    });
    return ok(c, { ...shownScript(after, version), deployment_id: version.id.replaceAll("-", "") });
  });
  api.get(`${base}/:script`, (c) => {
    const version = latestVersion(state, script(c).name);
    const main = version?.modules.find((module) => module.name === version.mainModule);
    if (!main) throw new ApiError(404, 10007, "This Worker does not exist on your account.");
    return new Response(state.blobs.get(main.blob).toString("utf8"), {
      headers: { "content-type": "application/javascript" },
    });
  });
  api.delete(`${base}/:script`, (c) => {
    const { name } = script(c);
    state.store.transaction(() => {
      for (const zone of state.zones())
        for (const route of state.routes(zone.id).list())
          if (route.script === name) state.routes(zone.id).delete(route.id);
      for (const domain of state.domains.list())
        if (domain.service === name) {
          state.domains.delete(domain.id);
          for (const record of state.dns(domain.zone_id).list())
            if (record.meta.origin_worker_id === domain.id) state.dns(domain.zone_id).delete(record.id);
        }
      for (const consumer of state.consumers.list())
        if (consumer.script_name === name) state.consumers.delete(consumer.consumer_id);
      state.versions(name).clear();
      state.deployments(name).clear();
      state.scripts.delete(name);
    });
    state.workersChanged();
    return ok(c, null);
  });

  api.get(`${base}/:script/versions`, (c) => {
    const all = state.versions(script(c).name).list().reverse();
    const listed = c.req.query("deployable") === "true" ? all.slice(0, DEPLOYABLE_VERSIONS) : all;
    const size = Number(c.req.query("per_page") ?? (c.req.query("deployable") ? DEPLOYABLE_VERSIONS : 10));
    const number = Number(c.req.query("page") ?? 1);
    const items = listed.slice((number - 1) * size, number * size);
    return ok(
      c,
      { items: items.map(listedVersion) },
      {
        page: number,
        per_page: size,
        count: items.length,
        total_count: listed.length,
        total_pages: Math.ceil(listed.length / size),
      },
    );
  });
  api.post(`${base}/:script/versions`, async (c) => {
    script(c);
    const upload = await readUpload(c, state.blobs);
    const { script: after, version } = state.store.transaction(() =>
      addVersion(state, script(c), upload, { migrations: false, source: sourceOf(c) }),
    );
    state.workersChanged();
    return ok(c, shownVersion(after, version));
  });
  api.get(`${base}/:script/versions/:version`, (c) => {
    const one = script(c);
    return ok(c, shownVersion(one, versionOr404(state, one.name, param(c, "version"))));
  });

  api.get(`${base}/:script/deployments`, (c) =>
    // Cloudflare answers the ten newest, the active one first.
    ok(c, { deployments: state.deployments(script(c).name).list().reverse().slice(0, 10) }),
  );
  api.get(`${base}/:script/deployments/:id`, (c) => {
    const deployment = state.deployments(script(c).name).get(param(c, "id"));
    if (!deployment) throw new ApiError(404, 100146, "workers.api.error.deployment_not_found");
    return ok(c, deployment);
  });
  api.post(`${base}/:script/deployments`, async (c) => {
    const one = script(c);
    const input = await body(c, Deploy, 10215);
    const total = input.versions.reduce((sum, { percentage }) => sum + percentage, 0);
    if (Math.abs(total - 100) > 0.01)
      throw new ApiError(400, 10215, "The percentages of a deployment's versions must add up to 100.");
    const annotations = Object.fromEntries(
      Object.entries(input.annotations ?? {}).flatMap(([key, value]) =>
        value == null ? [] : [[key, value]],
      ),
    );
    return ok(
      c,
      state.store.transaction(() =>
        addDeployment(state, one, input.versions, {
          annotations,
          source: sourceOf(c),
          force: c.req.query("force") === "true",
        }),
      ),
    );
  });

  const changeSecrets = (one: Script, changes: Map<string, string | null>) =>
    state.store.transaction(() => {
      const latest = latestVersion(state, one.name);
      if (!latest) throw new ApiError(404, 10222, "There are no versions of this Worker.");
      const active = activeDeployment(state, one.name);
      if (!active?.versions.some(({ version_id }) => version_id === latest.id))
        throw new ApiError(
          400,
          10214,
          "The latest version of your Worker isn't currently deployed. Please ensure that the latest version of your Worker is fully deployed before updating its settings.",
        );
      const bindings = latest.bindings.filter(
        ({ type, name }) => type !== "secret_text" || !changes.has(name),
      );
      for (const [name, text] of changes)
        if (text !== null) bindings.push({ type: "secret_text", name, text });
      const version = addDerivedVersion(state, one, latest, bindings, { "workers/triggered_by": "secret" });
      addDeployment(state, one, [{ version_id: version.id, percentage: 100 }], {
        source: "secret",
        annotations: { "workers/triggered_by": "secret" },
        force: true,
      });
    });
  api.get(`${base}/:script/secrets`, (c) => {
    const secrets = latestVersion(state, script(c).name)?.bindings.filter(
      ({ type }) => type === "secret_text",
    );
    return ok(c, secrets?.map(({ name, type }) => ({ name, type })) ?? []);
  });
  api.put(`${base}/:script/secrets`, async (c) => {
    const secret = await body(c, Secret);
    changeSecrets(script(c), new Map([[secret.name, secret.text]]));
    return ok(c, { name: secret.name, type: "secret_text" });
  });
  api.patch(`${base}/:script/secrets-bulk`, async (c) => {
    const { secrets } = await body(
      c,
      z.object({ secrets: z.record(z.string(), z.object({ text: z.string() }).nullable()) }),
    );
    changeSecrets(
      script(c),
      new Map(Object.entries(secrets).map(([name, one]) => [name, one?.text ?? null])),
    );
    return ok(
      c,
      Object.keys(secrets).map((name) => ({ name, type: "secret_text" })),
    );
  });
  api.get(`${base}/:script/secrets/:name`, (c) => ok(c, { name: param(c, "name"), type: "secret_text" }));
  api.delete(`${base}/:script/secrets/:name`, (c) => {
    const one = script(c);
    const name = param(c, "name");
    if (!latestVersion(state, one.name)?.bindings.some((b) => b.type === "secret_text" && b.name === name))
      throw new ApiError(404, 10056, "workers.api.error.binding_not_found");
    changeSecrets(one, new Map([[name, null]]));
    return ok(c, null);
  });
  const secretVersion = z.object({
    env: z.record(z.string(), z.object({ text: z.string() }).nullable()),
    annotations: z.record(z.string(), z.string().nullish()).nullish(),
  });
  api.patch("/accounts/:account/workers/workers/:script/versions/latest", async (c) => {
    const one = script(c);
    const input = await body(c, secretVersion);
    const latest = latestVersion(state, one.name);
    if (!latest) throw new ApiError(404, 10222, "There are no versions of this Worker.");
    const bindings = latest.bindings.filter(({ name }) => !(name in input.env));
    for (const [name, value] of Object.entries(input.env))
      if (value) bindings.push({ type: "secret_text", name, text: value.text });
    const annotations = Object.fromEntries(
      Object.entries(input.annotations ?? {}).flatMap(([key, value]) =>
        value == null ? [] : [[key, value]],
      ),
    );
    const version = addDerivedVersion(state, one, latest, bindings, {
      "workers/triggered_by": "secret",
      ...annotations,
    });
    return ok(c, { ...listedVersion(version), number: version.number });
  });

  api.get(`${base}/:script/settings`, (c) => {
    const one = script(c);
    const version = latestVersion(state, one.name);
    return ok(c, {
      bindings: version?.bindings.map((binding) => shownBinding(one, binding)) ?? [],
      compatibility_date: version?.compatibilityDate,
      compatibility_flags: version?.compatibilityFlags ?? [],
      usage_model: "standard",
      placement: {},
      migration_tag: one.migrationTag,
      annotations: version?.annotations,
      limits: {},
      ...one.settings,
    });
  });
  api.get(`${base}/:script/script-settings`, (c) => ok(c, script(c).settings));
  api.patch(`${base}/:script/script-settings`, async (c) => {
    const one = script(c);
    const input = await body(c, ScriptSettings);
    const settings = {
      logpush: input.logpush ?? one.settings.logpush,
      tags: input.tags ?? one.settings.tags,
      observability: input.observability ?? one.settings.observability,
      tail_consumers: input.tail_consumers ?? one.settings.tail_consumers,
    };
    state.scripts.put(one.name, { ...one, settings });
    return ok(c, settings);
  });
  api.get(`${base}/:script/references`, (c) => {
    script(c);
    return ok(c, { services: { incoming: [], outgoing: [] }, durable_objects: [], dispatch_outbounds: [] });
  });

  const service = (one: Script) => {
    const version = latestVersion(state, one.name);
    const environment = {
      environment: "production",
      created_on: one.created_on,
      modified_on: one.modified_on,
      script_tag: one.tag,
      script: shownScript(one, version),
    };
    return {
      id: one.name,
      created_on: one.created_on,
      modified_on: one.modified_on,
      usage_model: "standard",
      default_environment: environment,
      environments: [environment],
    };
  };
  api.get("/accounts/:account/workers/services/:script", (c) => {
    const one = state.scripts.get(param(c, "script"));
    if (!one) throw new ApiError(404, 10090, "workers.api.error.service_not_found");
    return ok(c, service(one));
  });
  api.get("/accounts/:account/workers/services/:script/environments/:env", (c) =>
    ok(c, service(script(c)).default_environment),
  );
  api.get("/accounts/:account/workers/durable_objects/namespaces", (c) =>
    ok(
      c,
      state.scripts.list().flatMap((one) =>
        Object.entries(one.classes).map(([name, { namespaceId, sqlite }]) => ({
          id: namespaceId,
          name: `${one.name}_${name}`,
          script: one.name,
          class: name,
          use_sqlite: sqlite,
        })),
      ),
    ),
  );
}
