import type { Hono } from "hono";
import { z } from "zod";
import { ApiError, body, ok, param } from "../envelope.ts";
import type { CloudState } from "../state.ts";

const onOff = z.enum(["on", "off"]);

/** Settings with their default and what they may be (https://developers.cloudflare.com/api/resources/zones/subresources/settings/). */
const SETTINGS: Record<string, { initial: unknown; allowed: z.ZodType; readOnly?: true }> = {
  ssl: { initial: "full", allowed: z.enum(["off", "flexible", "full", "strict"]) },
  min_tls_version: { initial: "1.0", allowed: z.enum(["1.0", "1.1", "1.2", "1.3"]) },
  tls_1_3: { initial: "on", allowed: z.enum(["on", "off", "zrt"]) },
  always_use_https: { initial: "off", allowed: onOff },
  automatic_https_rewrites: { initial: "on", allowed: onOff },
  opportunistic_encryption: { initial: "on", allowed: onOff },
  opportunistic_onion: { initial: "on", allowed: onOff },
  tls_client_auth: { initial: "off", allowed: onOff },
  brotli: { initial: "on", allowed: onOff },
  http3: { initial: "on", allowed: onOff },
  http2: { initial: "on", allowed: onOff },
  "0rtt": { initial: "off", allowed: onOff },
  ipv6: { initial: "on", allowed: onOff },
  websockets: { initial: "on", allowed: onOff },
  browser_check: { initial: "on", allowed: onOff },
  hotlink_protection: { initial: "off", allowed: onOff },
  email_obfuscation: { initial: "on", allowed: onOff },
  server_side_exclude: { initial: "on", allowed: onOff },
  early_hints: { initial: "off", allowed: onOff },
  rocket_loader: { initial: "off", allowed: onOff },
  always_online: { initial: "off", allowed: onOff },
  development_mode: { initial: "off", allowed: onOff },
  ip_geolocation: { initial: "on", allowed: onOff },
  replace_insecure_js: { initial: "on", allowed: onOff },
  privacy_pass: { initial: "on", allowed: onOff },
  cache_level: { initial: "aggressive", allowed: z.enum(["aggressive", "basic", "simplified"]) },
  security_level: {
    initial: "medium",
    allowed: z.enum(["off", "essentially_off", "low", "medium", "high", "under_attack"]),
  },
  browser_cache_ttl: { initial: 14400, allowed: z.number().int().min(0).max(31536000) },
  challenge_ttl: { initial: 1800, allowed: z.number().int().min(300) },
  max_upload: { initial: 100, allowed: z.number().int() },
  pseudo_ipv4: { initial: "off", allowed: z.enum(["off", "add_header", "overwrite_header"]) },
  ciphers: { initial: [], allowed: z.array(z.string()) },
  security_header: {
    initial: {
      strict_transport_security: {
        enabled: false,
        max_age: 0,
        include_subdomains: false,
        preload: false,
        nosniff: false,
      },
    },
    allowed: z.object({
      strict_transport_security: z.object({
        enabled: z.boolean().default(false),
        max_age: z.number().int().min(0).max(31536000).default(0),
        include_subdomains: z.boolean().default(false),
        preload: z.boolean().default(false),
        nosniff: z.boolean().default(false),
      }),
    }),
  },
  // Free and Pro zones can read these but not change them.
  waf: { initial: "off", allowed: onOff, readOnly: true },
  advanced_ddos: { initial: "on", allowed: onOff, readOnly: true },
  polish: { initial: "off", allowed: z.enum(["off", "lossless", "lossy"]), readOnly: true },
  mirage: { initial: "off", allowed: onOff, readOnly: true },
};

function known(id: string) {
  const setting = SETTINGS[id];
  if (!setting) throw new ApiError(400, 1006, `Unrecognized zone setting name`);
  return setting;
}

/** One zone setting as it stands, for the API and for the edge. */
export function settingValue(state: CloudState, zoneId: string, id: string): unknown {
  return state.settings(zoneId).get(id)?.value ?? known(id).initial;
}

export function zoneSettings(api: Hono, state: CloudState): void {
  const shown = (zoneId: string, id: string) => ({
    id,
    value: settingValue(state, zoneId, id),
    modified_on: state.settings(zoneId).get(id)?.modified_on ?? null,
    editable: known(id).readOnly !== true,
    ...(id === "development_mode" ? { time_remaining: 0 } : {}),
  });
  const write = (zoneId: string, id: string, value: unknown) => {
    const setting = known(id);
    if (setting.readOnly) throw new ApiError(403, 1015, `Not allowed to edit setting for ${id}`);
    const parsed = setting.allowed.safeParse(value);
    if (!parsed.success) throw new ApiError(400, 1007, `Invalid value for zone setting ${id}`);
    state.settings(zoneId).put(id, { id, value: parsed.data, modified_on: state.timestamp() });
    return shown(zoneId, id);
  };
  api.get("/zones/:zone/settings", (c) => {
    const zone = state.zone(param(c, "zone"));
    return ok(
      c,
      Object.keys(SETTINGS).map((id) => shown(zone.id, id)),
    );
  });
  api.patch("/zones/:zone/settings", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const { items } = await body(
      c,
      z.object({ items: z.array(z.object({ id: z.string(), value: z.unknown() })) }),
    );
    return ok(
      c,
      items.map(({ id, value }) => write(zone.id, id, value)),
    );
  });
  api.get("/zones/:zone/settings/:id", (c) => ok(c, shown(state.zone(param(c, "zone")).id, param(c, "id"))));
  api.patch("/zones/:zone/settings/:id", async (c) => {
    const zone = state.zone(param(c, "zone"));
    const { value, enabled } = await body(
      c,
      z.object({ value: z.unknown().optional(), enabled: z.boolean().optional() }),
      1007,
    );
    return ok(c, write(zone.id, param(c, "id"), value ?? enabled));
  });
}
