import { Ruleset } from "@pulumi/cloudflare/ruleset.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";

export interface CacheArgs {
  zoneId: string;
  domain: string;
}

/**
 * What the edge keeps of the app's answers, for every stack of the zone: files under /static/ as long as the app says, and
 * nothing else. Without the first rule Cloudflare keeps whatever has a file's ending, somebody's private PDF included.
 * The last rule that fits wins: https://developers.cloudflare.com/cache/how-to/cache-rules/order/
 */
export class Cache extends ComponentResource {
  constructor(name: string, { zoneId, domain }: CacheArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Cache", name, {}, options);
    const app = `(http.host eq "app.${domain}" or starts_with(http.host, "app-"))`;
    const setCache = { action: "set_cache_settings", enabled: true };
    new Ruleset(
      "cache",
      {
        zoneId,
        kind: "zone",
        name: "Cache rules",
        phase: "http_request_cache_settings",
        rules: [
          {
            ...setCache,
            ref: "app_uncached",
            description: "The app's answers are not kept",
            expression: app,
            actionParameters: { cache: false },
          },
          {
            ...setCache,
            ref: "app_static",
            description: "Static files are kept as long as the app says",
            expression: `${app} and starts_with(http.request.uri.path, "/static/")`,
            actionParameters: {
              cache: true,
              edgeTtl: { mode: "respect_origin" },
              browserTtl: { mode: "respect_origin" },
            },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
