/**
 * Lists whose order means nothing to the provider: in its own schema they are sets, which the engine shows as lists.
 * Taken from the Terraform schemas of hcloud 1.41 and cloudflare 6.22 (v5).
 */
const SETS: { readonly [type: string]: readonly string[] } = {
  "hcloud:index/firewall:Firewall": ["rules", "rules.sourceIps", "rules.destinationIps", "applyTos"],
  "hcloud:index/firewallAttachment:FirewallAttachment": ["serverIds", "labelSelectors"],
  "hcloud:index/loadBalancer:LoadBalancer": ["targets"],
  "hcloud:index/server:Server": ["firewallIds", "networks", "networks.aliasIps", "publicNets"],
  "hcloud:index/serverNetwork:ServerNetwork": ["aliasIps"],
  "cloudflare:index/dnsRecord:DnsRecord": ["tags"],
};

/** Tells, for a resource type, whether the list at a path (names only, `rules.sourceIps`) is a set. */
export function setsOf(type: string): (names: string) => boolean {
  const sets = SETS[type];
  return sets ? (names) => sets.includes(names) : () => false;
}
