import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import { ZoneDnssec } from "@pulumi/cloudflare/zoneDnssec.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { ownership } from "./ownership.ts";

/** Cloudflare's own certificate authorities: https://developers.cloudflare.com/ssl/reference/certificate-authorities/ */
const ISSUERS = ["letsencrypt.org", "pki.goog", "ssl.com"] as const;

export interface DomainProtectionArgs {
  zoneId: string;
  domain: string;
}

/**
 * Says for the whole domain that it sends and receives no mail (SPF, DMARC, the null MX of RFC 7505), who may issue
 * certificates for it (CAA), and signs the zone (DNSSEC; the registrar has to be given the DS record once).
 */
export class DomainProtection extends ComponentResource {
  constructor(name: string, { zoneId, domain }: DomainProtectionArgs, options?: ComponentResourceOptions) {
    super("quayside:cloudflare:DomainProtection", name, {}, options);
    const own = { parent: this };
    const HOUR = 3600;

    const record = (
      label: string,
      wanted: Pick<DnsRecordArgs, "type" | "content" | "data" | "priority">,
      at = domain,
    ) => new DnsRecord(label, { zoneId, comment: ownership(label), name: at, ttl: HOUR, ...wanted }, own);

    record("spf", { type: "TXT", content: '"v=spf1 -all"' });
    record("dmarc", { type: "TXT", content: '"v=DMARC1; p=reject; adkim=s; aspf=s"' }, `_dmarc.${domain}`);
    record("null-mx", { type: "MX", content: ".", priority: 0 });
    for (const issuer of ISSUERS) {
      record(`caa-${issuer}`, { type: "CAA", data: { flags: 0, tag: "issue", value: issuer } });
    }
    // Cloudflare answers "pending" until the registrar has the DS record, which is no drift.
    new ZoneDnssec("dnssec", { zoneId, status: "active" }, { ...own, ignoreChanges: ["status"] });
    this.registerOutputs({});
  }
}
