import type { ProviderDefinition } from "../provider/resource.ts";
import { authenticatedOriginPullsSettings } from "./authenticated-origin-pulls-settings.ts";
import { type Cloudflare, cloudflareClient } from "./client.ts";
import { d1Database } from "./d1-database.ts";
import { dnsRecord } from "./dns-record.ts";
import { functions } from "./functions.ts";
import { originCaCertificate } from "./origin-ca-certificate.ts";
import { pagesDomain } from "./pages-domain.ts";
import { pagesProject } from "./pages-project.ts";
import { queue } from "./queue.ts";
import { r2Bucket } from "./r2-bucket.ts";
import { schema } from "./rest.ts";
import { ruleset } from "./ruleset.ts";
import { turnstileWidget } from "./turnstile-widget.ts";
import { workersCustomDomain } from "./workers-custom-domain.ts";
import { workersKvNamespace } from "./workers-kv-namespace.ts";
import { workersRoute } from "./workers-route.ts";
import { zone } from "./zone.ts";
import { zoneDnssec } from "./zone-dnssec.ts";
import { zoneSetting } from "./zone-setting.ts";

/** What stands in for the plugin of `@pulumi/cloudflare`. */
export const cloudflare: ProviderDefinition<Cloudflare> = {
  schema,
  connect(config, signal) {
    const token = config.get("apiToken");
    if (!token) {
      throw new Error(
        "cloudflare has no API token: set cloudflare:apiToken in the stack's configuration, or CLOUDFLARE_API_TOKEN",
      );
    }
    return cloudflareClient({
      baseUrl: config.get("baseUrl") ?? "https://api.cloudflare.com/client/v4",
      token,
      signal,
    });
  },
  resources: {
    "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings":
      authenticatedOriginPullsSettings,
    "cloudflare:index/d1Database:D1Database": d1Database,
    "cloudflare:index/dnsRecord:DnsRecord": dnsRecord,
    "cloudflare:index/originCaCertificate:OriginCaCertificate": originCaCertificate,
    "cloudflare:index/pagesDomain:PagesDomain": pagesDomain,
    "cloudflare:index/pagesProject:PagesProject": pagesProject,
    "cloudflare:index/queue:Queue": queue,
    "cloudflare:index/r2Bucket:R2Bucket": r2Bucket,
    "cloudflare:index/ruleset:Ruleset": ruleset,
    "cloudflare:index/turnstileWidget:TurnstileWidget": turnstileWidget,
    "cloudflare:index/workersCustomDomain:WorkersCustomDomain": workersCustomDomain,
    "cloudflare:index/workersKvNamespace:WorkersKvNamespace": workersKvNamespace,
    "cloudflare:index/workersRoute:WorkersRoute": workersRoute,
    "cloudflare:index/zone:Zone": zone,
    "cloudflare:index/zoneDnssec:ZoneDnssec": zoneDnssec,
    "cloudflare:index/zoneSetting:ZoneSetting": zoneSetting,
  },
  functions,
};
