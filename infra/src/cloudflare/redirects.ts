import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import { Ruleset } from "@pulumi/cloudflare/ruleset.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { ownership } from "./ownership.ts";

export interface Redirect {
  /** A host of the zone. */
  from: string;
  /** An origin, `https://www.example.com`; path and query go along. */
  to: string;
  status: number;
}

export interface RedirectsArgs {
  zoneId: string;
  redirects: Redirect[];
  /** Hosts that have DNS records already. */
  known: string[];
}

/** Stands for "nobody": the edge answers by itself, and no packet is ever sent there (RFC 6666). */
const NOBODY = "100::";

/**
 * Whole hosts that lead elsewhere; single paths belong into a site's `_redirects`. Free plans have ten rules:
 * https://developers.cloudflare.com/rules/url-forwarding/#availability
 */
export class Redirects extends ComponentResource {
  constructor(name: string, args: RedirectsArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Redirects", name, {}, options);
    const { zoneId, redirects } = args;
    if (redirects.length > 0) {
      new Ruleset(
        "redirects",
        {
          zoneId,
          kind: "zone",
          name: "Redirects",
          phase: "http_request_dynamic_redirect",
          rules: rulesOf(redirects),
        },
        { parent: this },
      );
    }
    for (const { from } of redirects.filter((each) => !args.known.includes(each.from))) {
      new DnsRecord(
        `redirect-${from}`,
        {
          zoneId,
          comment: ownership(`redirect-${from}`),
          name: from,
          type: "AAAA",
          content: NOBODY,
          proxied: true,
          ttl: 1,
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

function rulesOf(redirects: readonly Redirect[]) {
  return redirects.map(({ from, to, status }) => ({
    ref: `redirect_${from.replaceAll(/[^a-z0-9]/g, "_")}`,
    description: `${from} leads to ${to}`,
    expression: `http.host eq ${JSON.stringify(from)}`,
    action: "redirect",
    enabled: true,
    actionParameters: {
      fromValue: {
        statusCode: status,
        targetUrl: { expression: `concat(${JSON.stringify(to)}, http.request.uri.path)` },
        preserveQueryString: true,
      },
    },
  }));
}
