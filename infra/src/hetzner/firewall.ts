import { Firewall as HcloudFirewall } from "@pulumi/hcloud/firewall.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { labels, type Owner, physicalName } from "./labels.ts";

export interface FirewallArgs {
  owner: Owner;
  /** Who may come in, as CIDR ranges; in fact Cloudflare's. */
  visitors: string[];
}

/** Lets HTTPS from the edge in and nothing else: a Hetzner firewall refuses inbound traffic that no rule names. */
export class Firewall extends ComponentResource {
  readonly id: Output<number>;

  constructor(name: string, { owner, visitors }: FirewallArgs, options?: ComponentResourceOptions) {
    super("quayside:hetzner:Firewall", name, {}, options);
    const firewall = new HcloudFirewall(
      name,
      { name: physicalName(owner, name), labels: labels(owner, name), rules: firewallRules(visitors) },
      { parent: this },
    );
    this.id = firewall.id.apply(Number);
    this.registerOutputs({});
  }
}

/** Hetzner takes at most 100 ranges a rule: https://docs.hetzner.cloud/reference/cloud#firewalls */
const RANGES_A_RULE = 100;

export function firewallRules(visitors: string[]) {
  if (visitors.length === 0) throw new Error("a firewall without visitors would keep the edge out");
  const rules = [];
  for (let start = 0; start < visitors.length; start += RANGES_A_RULE) {
    rules.push({
      description: "HTTPS from Cloudflare",
      direction: "in",
      protocol: "tcp",
      port: "443",
      sourceIps: visitors.slice(start, start + RANGES_A_RULE),
    });
  }
  return rules;
}
