import { ZoneSetting } from "@pulumi/cloudflare/zoneSetting.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";

const YEAR = 365 * 24 * 3600;

/** By the API's own names: https://developers.cloudflare.com/api/resources/zones/subresources/settings/ */
const SETTINGS: Record<string, unknown> = {
  /** The edge speaks TLS to the origin and checks its certificate. */
  ssl: "strict",
  min_tls_version: "1.2",
  tls_1_3: "on",
  always_use_https: "on",
  automatic_https_rewrites: "on",
  /** HSTS. Not preloaded: getting off the browsers' list takes months. */
  security_header: {
    strict_transport_security: {
      enabled: true,
      max_age: YEAR,
      include_subdomains: true,
      preload: false,
      nosniff: true,
    },
  },
  /**
   * Authenticated Origin Pulls: the edge shows Cloudflare's client certificate, and the servers take no other visitor.
   * https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/set-up/global/
   */
  tls_client_auth: "on",
};

/** The settings of the whole zone. */
export class ZoneSettings extends ComponentResource {
  constructor(name: string, args: { zoneId: string }, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:ZoneSettings", name, {}, options);
    for (const [settingId, value] of Object.entries(SETTINGS)) {
      new ZoneSetting(
        settingId.replaceAll("_", "-"),
        { zoneId: args.zoneId, settingId, value },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
