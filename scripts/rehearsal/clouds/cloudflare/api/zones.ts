import type { Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, page, param } from "../envelope.ts";
import type { Zone } from "../model.ts";
import type { CloudState } from "../state.ts";

const PLANS = {
  free: { id: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", name: "Free Website", legacy_id: "free", price: 0 },
  pro: { id: "1ac039f6c29b691475c3d74fe588d1ae", name: "Pro Website", legacy_id: "pro", price: 20 },
} as const;

/** A zone as the API shows it (https://developers.cloudflare.com/api/resources/zones/). */
function shown(state: CloudState, zone: Zone) {
  return {
    ...zone,
    plan: {
      ...PLANS[zone.plan],
      currency: "USD",
      frequency: zone.plan === "free" ? "" : "monthly",
      is_subscribed: zone.plan !== "free",
      can_subscribe: false,
      externally_managed: false,
      legacy_discount: false,
    },
    account: { id: state.accountId, name: state.accountName },
    owner: { id: null, type: "user", email: null },
    development_mode: 0,
    name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    activated_on: zone.created_on,
    permissions: ["#dns_records:edit", "#zone:read"],
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    meta: {
      step: 4,
      custom_certificate_quota: 0,
      page_rule_quota: 3,
      phishing_detected: false,
    },
  };
}

export function zones(api: Hono, state: CloudState): void {
  api.get("/zones", (c) => {
    const name = c.req.query("name");
    const account = c.req.query("account.id");
    const status = c.req.query("status");
    const found = state
      .zones()
      .filter((zone) => name === undefined || zone.name === name)
      .filter((zone) => status === undefined || zone.status === status)
      .filter(() => account === undefined || account === state.accountId);
    return page(
      c,
      found.map((zone) => shown(state, zone)),
      20,
      50,
    );
  });
  api.post("/zones", async (c) => {
    const { name } = await body(c, z.object({ name: z.string() }), 1004);
    if (state.zones().some((zone) => zone.name === name))
      throw new ApiError(400, 1061, `${name} already exists`);
    return ok(c, shown(state, state.addZone(name)));
  });
  api.get("/zones/:zone", (c) => ok(c, shown(state, state.zone(param(c, "zone")))));
  api.put("/zones/:zone/activation_check", (c) => ok(c, { id: state.zone(param(c, "zone")).id }));
  api.delete("/zones/:zone", (c) => {
    const zone = state.zone(param(c, "zone"));
    state.removeZone(zone.id);
    return ok(c, { id: zone.id });
  });
  api.patch("/zones/:zone", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const changes = await body(c, z.object({ paused: z.boolean().optional() }));
    return ok(c, shown(state, state.changeZone({ ...zone, ...changes, modified_on: state.timestamp() })));
  });
}
