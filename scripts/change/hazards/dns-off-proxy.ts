import { type HazardRule, members } from "./rule.ts";

const RECORD = "cloudflare:index/dnsRecord:DnsRecord";
const ADDRESSES: readonly unknown[] = ["A", "AAAA", "CNAME"];

/** Taking a hostname out from behind Cloudflare. */
export const dnsOffProxy: HazardRule = {
  rule: "dns-off-proxy",
  severity: "security",
  about: "A hostname is no longer proxied by Cloudflare, or stops resolving.",
  ofStep(step) {
    if (step.type !== RECORD) return [];
    const before = members(step.before);
    const after = members(step.after);
    const wasProxied = before.proxied === true;
    if (step.operation === "delete" && wasProxied)
      return [
        {
          rule: "delete-dns",
          severity: "outage",
          what: "Deletes the DNS record of a hostname that people reach: it stops resolving.",
          avoid: "Point the hostname to its new target instead, or wait until nothing links to it.",
        },
      ];
    if (
      !wasProxied ||
      !step.after ||
      after.proxied === true ||
      !ADDRESSES.includes(after.type ?? before.type)
    )
      return [];
    return [
      {
        what: "Moves the hostname off Cloudflare's proxy: the server's address becomes public, and the WAF, the cache and the certificate no longer stand before it.",
        avoid: "Leave the record proxied; use another, unproxied hostname for what needs a direct way.",
      },
    ];
  },
};
