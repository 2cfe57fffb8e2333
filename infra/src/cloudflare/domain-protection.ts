import { DnsRecord, type DnsRecordArgs } from "@pulumi/cloudflare/dnsRecord.js";
import { ZoneDnssec } from "@pulumi/cloudflare/zoneDnssec.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { ownership } from "./ownership.ts";

/** Cloudflare's own certificate authorities: https://developers.cloudflare.com/ssl/reference/certificate-authorities/ */
const ISSUERS = ["letsencrypt.org", "pki.goog", "ssl.com"] as const;

export interface DomainProtectionArgs {
  zoneId: string;
  domain: string;
  mail: Mail;
}

/** Who takes and who sends the domain's mail; nobody, where there are no hosts. */
export interface Mail {
  /** In the order in which they are tried. */
  hosts: string[];
  /** Hosts whose SPF records name more senders. */
  spf: string[];
  /** Public keys by selector, as the mail service gives them: `v=DKIM1; k=rsa; p=…`. */
  dkim: Readonly<Record<string, string>>;
}

/**
 * Says for the whole domain who takes and sends its mail, which is nobody where none is configured (SPF, DMARC, the null MX
 * of RFC 7505), who may issue certificates for it (CAA), and signs the zone (DNSSEC; the registrar has to be given the DS
 * record once).
 */
export class DomainProtection extends ComponentResource {
  constructor(
    name: string,
    { zoneId, domain, mail }: DomainProtectionArgs,
    options?: ComponentResourceOptions,
  ) {
    super("quayside:cloudflare:DomainProtection", name, {}, options);
    const own = { parent: this };
    const HOUR = 3600;

    const record = (
      label: string,
      wanted: Pick<DnsRecordArgs, "type" | "content" | "data" | "priority">,
      at = domain,
    ) => new DnsRecord(label, { zoneId, comment: ownership(label), name: at, ttl: HOUR, ...wanted }, own);

    const text = (label: string, content: string, at = domain) =>
      record(label, { type: "TXT", content: quoted(content) }, at);

    text("spf", spfOf(mail));
    text("dmarc", "v=DMARC1; p=reject; adkim=s; aspf=s", `_dmarc.${domain}`);
    for (const [selector, key] of Object.entries(mail.dkim))
      text(`dkim-${selector}`, key, `${selector}._domainkey.${domain}`);
    if (mail.hosts.length === 0) record("null-mx", { type: "MX", content: ".", priority: 0 });
    for (const [index, host] of mail.hosts.entries())
      record(`mx-${index + 1}`, { type: "MX", content: host, priority: (index + 1) * 10 });
    for (const issuer of ISSUERS) {
      record(`caa-${issuer}`, { type: "CAA", data: { flags: 0, tag: "issue", value: issuer } });
    }
    // Cloudflare answers "pending" until the registrar has the DS record, which is no drift.
    new ZoneDnssec("dnssec", { zoneId, status: "active" }, { ...own, ignoreChanges: ["status"] });
    this.registerOutputs({});
  }
}

/** All that is not named is refused (RFC 7208). */
export function spfOf({ hosts, spf }: Mail): string {
  const senders = [...(hosts.length > 0 ? ["mx"] : []), ...spf.map((host) => `include:${host}`)];
  return ["v=spf1", ...senders, "-all"].join(" ");
}

/** A TXT record's text in quotes, cut into strings of 255 characters, as one string has no more (RFC 1035, 3.3). */
export function quoted(text: string): string {
  return (text.match(/.{1,255}/gs) ?? [""]).map((part) => `"${part}"`).join(" ");
}
