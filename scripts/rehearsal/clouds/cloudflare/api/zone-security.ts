import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import type { Collection } from "../../base/store.ts";
import { ApiError, body, ok, param } from "../envelope.ts";
import type { CloudState } from "../state.ts";

/** Whether Authenticated Origin Pulls are on, by zone. */
export function originPulls(state: CloudState): Collection<{ enabled: boolean }> {
  return state.store.collection("origin-tls-client-auth");
}

/** Authenticated Origin Pulls for a whole zone, and DNSSEC. */
export function zoneSecurity(api: Hono, state: CloudState): void {
  const switches = originPulls(state);
  const pulls = "/zones/:zone/origin_tls_client_auth/settings";
  api.get(pulls, (c) => ok(c, { enabled: switches.get(state.zone(param(c, "zone")).id)?.enabled ?? false }));
  api.put(pulls, async (c) => {
    const zone = state.zone(param(c, "zone"));
    return ok(c, switches.put(zone.id, await body(c, z.object({ enabled: z.boolean() }))));
  });

  const dnssec = state.store.collection<{ status: string; modified_on: string }>("dnssec");
  const shown = (zoneId: string) => {
    const zone = state.zone(zoneId);
    const { status, modified_on } = dnssec.get(zoneId) ?? { status: "disabled", modified_on: null };
    if (status === "disabled") return { status, modified_on, flags: null, algorithm: null, key_type: null };
    const digest = createHash("sha256").update(zoneId).digest("hex").toUpperCase();
    return {
      status,
      modified_on,
      flags: 257,
      algorithm: "13",
      key_type: "ECDSAP256SHA256",
      digest_type: "2",
      digest_algorithm: "SHA256",
      digest,
      key_tag: 2371,
      ds: `${zone.name}. 3600 IN DS 2371 13 2 ${digest}`,
      public_key: Buffer.from(digest, "hex").toString("base64"),
    };
  };
  api.get("/zones/:zone/dnssec", (c) => ok(c, shown(state.zone(param(c, "zone")).id)));
  api.patch("/zones/:zone/dnssec", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const { status } = await body(c, z.looseObject({ status: z.enum(["active", "disabled"]).optional() }));
    // Active means "pending until the registrar has the DS record"; no registrar takes part in a rehearsal.
    if (status)
      dnssec.put(zone.id, {
        status: status === "active" ? "pending" : status,
        modified_on: state.timestamp(),
      });
    return ok(c, shown(zone.id));
  });
  api.delete("/zones/:zone/dnssec", (c) => {
    const zone = state.zone(param(c, "zone"));
    if (!dnssec.delete(zone.id)) throw new ApiError(400, 1003, "DNSSEC is not active for this zone.");
    return ok(c, "");
  });
}
