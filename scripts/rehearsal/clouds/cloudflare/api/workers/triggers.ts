import type { Context, Hono } from "hono";
import { z } from "zod";
import { patternError } from "../../edge/route-pattern.ts";
import { ApiError, body, ok, page, param } from "../../envelope.ts";
import { hexId } from "../../ids.ts";
import type { Script, WorkerDomain, WorkerRoute, Zone } from "../../model.ts";
import type { CloudState } from "../../state.ts";
import { scriptOr404 } from "./versions.ts";

const Route = z.object({ pattern: z.string(), script: z.string().nullish() });
const RouteOfScript = z.union([
  z.string().transform((pattern) => ({ pattern, zone_id: undefined, zone_name: undefined })),
  z.object({ pattern: z.string(), zone_id: z.string().optional(), zone_name: z.string().optional() }),
]);
const Origin = z.object({
  hostname: z.string(),
  zone_id: z.string().optional(),
  zone_name: z.string().optional(),
  service: z.string().optional(),
  environment: z.string().default("production"),
});
const Subdomain = z.object({ enabled: z.boolean(), previews_enabled: z.boolean().nullish() });

/** Everything that leads requests to a Worker: routes, custom domains, workers.dev, schedules. */
export function triggers(api: Hono, state: CloudState): void {
  const script = (c: Context) => scriptOr404(state, param(c, "script"));

  // Routes
  const checkRoute = (zone: Zone, route: { pattern: string; script: string | null }, except?: string) => {
    const problem = patternError(route.pattern, zone.name);
    if (problem) throw new ApiError(400, 10022, `workers.api.error.invalid_route_pattern: ${problem}`);
    if (route.script !== null && !state.scripts.get(route.script))
      throw new ApiError(400, 10019, "workers.api.error.script_not_found");
    if (
      state
        .routes(zone.id)
        .list()
        .some((other) => other.pattern === route.pattern && other.id !== except)
    )
      throw new ApiError(409, 10020, "A route with the same pattern already exists.");
  };
  const routeOr404 = (zone: Zone, id: string): WorkerRoute => {
    const route = state.routes(zone.id).get(id);
    if (!route) throw new ApiError(404, 10009, "workers.api.error.route_not_found");
    return route;
  };
  const addRoute = (zone: Zone, pattern: string, name: string | null): WorkerRoute => {
    checkRoute(zone, { pattern, script: name });
    const id = hexId();
    return state.routes(zone.id).put(id, { id, pattern, script: name });
  };
  api.get("/zones/:zone/workers/routes", (c) => ok(c, state.routes(state.zone(param(c, "zone")).id).list()));
  api.post("/zones/:zone/workers/routes", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const input = await body(c, Route, 10022);
    return ok(c, addRoute(zone, input.pattern, input.script ?? null));
  });
  api.get("/zones/:zone/workers/routes/:id", (c) =>
    ok(c, routeOr404(state.zone(param(c, "zone")), param(c, "id"))),
  );
  api.put("/zones/:zone/workers/routes/:id", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const before = routeOr404(zone, param(c, "id"));
    const input = await body(c, Route, 10022);
    const route = { id: before.id, pattern: input.pattern, script: input.script ?? null };
    checkRoute(zone, route, before.id);
    return ok(c, state.routes(zone.id).put(route.id, route));
  });
  api.delete("/zones/:zone/workers/routes/:id", (c) => {
    const zone = state.zone(param(c, "zone"));
    const route = routeOr404(zone, param(c, "id"));
    state.routes(zone.id).delete(route.id);
    return ok(c, { id: route.id });
  });
  api.put("/accounts/:account/workers/scripts/:script/routes", async (c) => {
    const { name } = script(c);
    const wanted = await body(c, z.array(RouteOfScript), 10022);
    const placed = wanted.map((route) => {
      const host = (route.pattern.split("/")[0] ?? "").replace(/^\*\.?/, "");
      const zone =
        state.zones().find((one) => one.id === route.zone_id || one.name === route.zone_name) ??
        state.zoneOf(host);
      if (!zone) throw new ApiError(400, 10026, `No zone of this account fits the route ${route.pattern}.`);
      return { zone, pattern: route.pattern };
    });
    state.store.transaction(() => {
      for (const zone of state.zones()) {
        const patterns = placed.filter((one) => one.zone.id === zone.id).map((one) => one.pattern);
        for (const route of state.routes(zone.id).list()) {
          if (route.script === name && !patterns.includes(route.pattern))
            state.routes(zone.id).delete(route.id);
          if (route.script !== name && patterns.includes(route.pattern))
            throw new ApiError(409, 10020, "A route with the same pattern already exists.");
        }
        const there = new Set(
          state
            .routes(zone.id)
            .list()
            .map((route) => route.pattern),
        );
        for (const pattern of patterns) if (!there.has(pattern)) addRoute(zone, pattern, name);
      }
    });
    return ok(c, wanted);
  });

  // Custom domains
  const setDomain = (input: z.infer<typeof Origin>, service: string, override: boolean): WorkerDomain => {
    const zone = state.zones().find((one) => one.id === input.zone_id) ?? state.zoneOf(input.hostname);
    if (!zone)
      throw new ApiError(400, 100116, `No zone of this account fits the hostname ${input.hostname}.`);
    if (!state.scripts.get(service))
      throw new ApiError(404, 10007, "This Worker does not exist on your account.");
    const before = state.domains.list().find((domain) => domain.hostname === input.hostname);
    const records = state.dns(zone.id);
    const foreign = records
      .list()
      .filter((record) => record.name === input.hostname && ["A", "AAAA", "CNAME"].includes(record.type))
      .filter((record) => record.meta.origin_worker_id === undefined);
    if (foreign.length > 0 && !override)
      throw new ApiError(
        409,
        100117,
        `Hostname '${input.hostname}' already has externally managed DNS records (A, CNAME, etc). Either delete them, try a different hostname, or use the option 'override_existing_dns_record' to override.`,
      );
    for (const record of foreign) records.delete(record.id);
    const id = before?.id ?? hexId();
    if (!records.list().some((record) => record.meta.origin_worker_id === id)) {
      const recordId = hexId();
      const now = state.timestamp();
      records.put(recordId, {
        id: recordId,
        name: input.hostname,
        type: "AAAA",
        content: "100::",
        proxiable: true,
        proxied: true,
        ttl: 1,
        settings: {},
        meta: { origin_worker_id: id, read_only: true },
        comment: null,
        tags: [],
        created_on: now,
        modified_on: now,
      });
    }
    return state.domains.put(id, {
      id,
      zone_id: zone.id,
      zone_name: zone.name,
      hostname: input.hostname,
      service,
      environment: input.environment,
      cert_id: before?.cert_id ?? hexId(),
    });
  };
  const removeDomain = (domain: WorkerDomain) => {
    state.domains.delete(domain.id);
    for (const record of state.dns(domain.zone_id).list())
      if (record.meta.origin_worker_id === domain.id) state.dns(domain.zone_id).delete(record.id);
  };
  const domainOr404 = (id: string): WorkerDomain => {
    const domain = state.domains.get(id);
    if (!domain) throw new ApiError(404, 100114, "workers.api.error.domain_not_found");
    return domain;
  };
  const base = "/accounts/:account/workers/domains";
  api.get(base, (c) => {
    const fits = (domain: WorkerDomain) =>
      (["hostname", "service", "zone_id", "zone_name", "environment"] as const).every((key) => {
        const wanted = c.req.query(key);
        return wanted === undefined || domain[key] === wanted;
      });
    return ok(c, state.domains.list().filter(fits));
  });
  api.put(base, async (c) => {
    const input = await body(
      c,
      Origin.extend({
        service: z.string(),
        override_existing_dns_record: z.boolean().optional(),
        override_existing_origin: z.boolean().optional(),
      }),
    );
    return ok(
      c,
      state.store.transaction(() =>
        setDomain(input, input.service, input.override_existing_dns_record ?? false),
      ),
    );
  });
  for (const path of [`${base}/:id`, `${base}/records/:id`]) {
    api.get(path, (c) => ok(c, domainOr404(param(c, "id"))));
    api.delete(path, (c) => {
      removeDomain(domainOr404(param(c, "id")));
      return c.body(null, 200);
    });
  }
  api.post("/accounts/:account/workers/scripts/:script/domains/changeset", async (c) => {
    const { name } = script(c);
    const wanted = await body(c, z.array(Origin));
    const all = state.domains.list();
    const existing = (hostname: string) => all.find((domain) => domain.hostname === hostname);
    return ok(c, {
      added: wanted.filter(({ hostname }) => !existing(hostname)),
      updated: wanted.flatMap(({ hostname }) => {
        const domain = existing(hostname);
        return domain ? [{ ...domain, modified: domain.service !== name }] : [];
      }),
      removed:
        c.req.query("replace_state") === "true"
          ? all.filter(
              (domain) => domain.service === name && !wanted.some((one) => one.hostname === domain.hostname),
            )
          : [],
      conflicting: [],
    });
  });
  api.put("/accounts/:account/workers/scripts/:script/domains/records", async (c) => {
    const { name } = script(c);
    const input = await body(
      c,
      z.object({ origins: z.array(Origin), override_existing_dns_record: z.boolean().optional() }),
    );
    state.store.transaction(() => {
      for (const domain of state.domains.list())
        if (domain.service === name && !input.origins.some((one) => one.hostname === domain.hostname))
          removeDomain(domain);
      for (const origin of input.origins)
        setDomain(origin, name, input.override_existing_dns_record ?? false);
    });
    return ok(
      c,
      state.domains.list().filter((domain) => domain.service === name),
    );
  });

  // workers.dev
  api.get("/accounts/:account/workers/subdomain", (c) => ok(c, { subdomain: state.workersSubdomain }));
  const subdomain = "/accounts/:account/workers/scripts/:script/subdomain";
  const setSubdomain = (one: Script, input: z.infer<typeof Subdomain>) =>
    state.scripts.put(one.name, {
      ...one,
      workersDev: { enabled: input.enabled, previews_enabled: input.previews_enabled ?? input.enabled },
    }).workersDev;
  api.get(subdomain, (c) => ok(c, script(c).workersDev));
  api.post(subdomain, async (c) => ok(c, setSubdomain(script(c), await body(c, Subdomain))));
  api.delete(subdomain, (c) => ok(c, setSubdomain(script(c), { enabled: false, previews_enabled: false })));
  const shownWorker = (one: Script) => ({
    id: one.tag,
    name: one.name,
    created_on: one.created_on,
    updated_on: one.modified_on,
    logpush: one.settings.logpush,
    observability: one.settings.observability,
    tags: one.settings.tags,
    subdomain: one.workersDev,
    tail_consumers: one.settings.tail_consumers,
    references: {
      domains: [],
      durable_objects: [],
      queues: [],
      workers: [],
      dispatch_namespace_outbounds: [],
    },
  });
  api.get("/accounts/:account/workers/workers", (c) => page(c, state.scripts.list().map(shownWorker), 10));
  const worker = (c: Context) => {
    const key = param(c, "script");
    return scriptOr404(state, state.scripts.list().find(({ tag }) => tag === key)?.name ?? key);
  };
  api.get("/accounts/:account/workers/workers/:script", (c) => ok(c, shownWorker(worker(c))));
  for (const method of ["PUT", "PATCH"])
    api.on(method, "/accounts/:account/workers/workers/:script", async (c) => {
      const one = worker(c);
      const input = await body(
        c,
        z.looseObject({ subdomain: Subdomain.partial().optional(), tags: z.array(z.string()).optional() }),
      );
      const workersDev = {
        enabled: input.subdomain?.enabled ?? one.workersDev.enabled,
        previews_enabled: input.subdomain?.previews_enabled ?? one.workersDev.previews_enabled,
      };
      const settings = { ...one.settings, ...(input.tags ? { tags: input.tags } : {}) };
      return ok(c, shownWorker(state.scripts.put(one.name, { ...one, workersDev, settings })));
    });

  // Schedules
  const schedules = "/accounts/:account/workers/scripts/:script/schedules";
  api.get(schedules, (c) => ok(c, { schedules: script(c).schedules }));
  api.put(schedules, async (c) => {
    const one = script(c);
    const wanted = await body(c, z.array(z.object({ cron: z.string() })));
    const now = state.timestamp();
    const list = wanted.map(
      ({ cron }) =>
        one.schedules.find((before) => before.cron === cron) ?? { cron, created_on: now, modified_on: now },
    );
    state.scripts.put(one.name, { ...one, schedules: list });
    return ok(c, { schedules: list });
  });
}
