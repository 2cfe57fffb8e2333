import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import { PagesDomain } from "@pulumi/cloudflare/pagesDomain.js";
import { PagesProject } from "@pulumi/cloudflare/pagesProject.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { ownership } from "./ownership.ts";

export interface SiteArgs {
  accountId: string;
  zoneId: string;
  /** The project's name at Cloudflare; it has the stack in it, as stacks share an account. */
  project: string;
  /** The hostnames that show this site, the first one is its address. */
  domains: [string, ...string[]];
}

/** A static site: a Pages project that deploys fill by direct upload, and its domains. */
export class Site extends ComponentResource {
  readonly project: Output<string>;
  readonly domain: string;
  readonly url: string;

  constructor(name: string, args: SiteArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:Site", name, {}, options);
    const project = new PagesProject(
      name,
      { accountId: args.accountId, name: args.project, productionBranch: "main" },
      // Uploads set the compatibility date and such; that is the deploy's business.
      { parent: this, ignoreChanges: ["buildConfig", "deploymentConfigs"] },
    );
    for (const [index, domain] of args.domains.entries()) {
      const label = index === 0 ? name : `${name}-${index + 1}`;
      new PagesDomain(
        label,
        { accountId: args.accountId, projectName: project.name, name: domain },
        { parent: this },
      );
      // At the zone's own name Cloudflare flattens the CNAME: https://developers.cloudflare.com/dns/cname-flattening/
      new DnsRecord(
        label,
        {
          zoneId: args.zoneId,
          comment: ownership(label),
          name: domain,
          type: "CNAME",
          content: project.subdomain,
          proxied: true,
          ttl: 1,
        },
        { parent: this },
      );
    }
    this.project = project.name;
    this.domain = args.domains[0];
    this.url = `https://${this.domain}`;
    this.registerOutputs({});
  }
}
