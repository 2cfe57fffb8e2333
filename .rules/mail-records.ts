import { type HazardRule, members } from "../scripts/change/hazards/rule.ts";

const MAIL = /^v=(spf1|DMARC1|DKIM1)\b/i;

/** An example of a team's own rule: where mail goes, and who may send it, changes only after somebody has looked. */
export default {
  rule: "mail-record",
  severity: "outage",
  about: "A DNS record that mail depends on (MX, SPF, DKIM, DMARC) is changed or deleted.",
  ofStep({ type, operation, before, after }) {
    if (type !== "cloudflare:index/dnsRecord:DnsRecord" || operation === "create") return [];
    const record = members(before);
    const content = String(record.content ?? "").replace(/^"/, "");
    if (record.type !== "MX" && !(record.type === "TXT" && MAIL.test(content))) return [];
    if (after && members(after).content === record.content) return [];
    return [
      {
        what: `${operation === "delete" ? "Deletes" : "Changes"} a record that mail depends on: ${String(record.type)} ${String(record.name)}.`,
        avoid:
          "Ask whoever runs the mail first; add the new record beside the old one while both are in use.",
      },
    ];
  },
} satisfies HazardRule;
