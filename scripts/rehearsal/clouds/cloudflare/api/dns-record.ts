import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";
import { ApiError } from "../envelope.ts";
import type { DnsRecord, Zone } from "../model.ts";

/** What a client may send for a record; unknown fields are ignored, as Cloudflare does. */
export const RecordInput = z.object({
  name: z.string(),
  type: z.string(),
  content: z.string().optional(),
  ttl: z.number().optional(),
  proxied: z.boolean().nullish(),
  priority: z.number().int().min(0).max(65535).nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  settings: z.record(z.string(), z.unknown()).nullish(),
  comment: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
});
export type RecordInput = z.infer<typeof RecordInput>;

const TYPES = new Set(
  "A AAAA CAA CERT CNAME DNSKEY DS HTTPS LOC MX NAPTR NS OPENPGPKEY PTR SMIMEA SRV SSHFP SVCB TLSA TXT URI".split(
    " ",
  ),
);
const PROXIABLE = new Set(["A", "AAAA", "CNAME"]);
/** Free and Pro zones: https://developers.cloudflare.com/dns/manage-dns-records/reference/record-attributes/ */
const MAX_COMMENT = 100;

function refuse(code: number, message: string): never {
  throw new ApiError(400, code, message);
}

/** `www`, `@` and full names all become the full name within the zone. */
function fullName(zone: Zone, name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower === "@" || lower === "") return zone.name;
  return lower === zone.name || lower.endsWith(`.${zone.name}`) ? lower : `${lower}.${zone.name}`;
}

function contentOf(input: RecordInput): string {
  if (input.content !== undefined) return input.content;
  const data = input.data ?? refuse(9001, "DNS record content is required.");
  const value = (key: string) => String(data[key] ?? "");
  switch (input.type) {
    case "CAA":
      return `${value("flags")} ${value("tag")} "${value("value")}"`;
    case "SRV":
      return `${value("weight")} ${value("port")} ${value("target")}`;
    default:
      return Object.values(data).join(" ");
  }
}

/**
 * Checks a record's fields and fills in what Cloudflare fills in: full name, automatic TTL for proxied records.
 * @throws ApiError 400 with the code that the API gives for the field
 */
export function validated(
  zone: Zone,
  input: RecordInput,
): Omit<DnsRecord, "id" | "created_on" | "modified_on" | "comment_modified_on"> {
  const type = input.type.toUpperCase();
  if (!TYPES.has(type)) refuse(1004, `DNS Validation Error: invalid record type ${input.type}`);
  const name = fullName(zone, input.name);
  if (!/^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,}$/.test(name) || name.length > 253)
    refuse(9000, "DNS name is invalid.");
  let content = contentOf(input);
  if (type === "A" && !isIPv4(content)) refuse(9005, "Content for A record must be a valid IPv4 address.");
  if (type === "AAAA" && !isIPv6(content))
    refuse(9006, "Content for AAAA record must be a valid IPv6 address.");
  if (type === "CNAME" || type === "MX" || type === "NS") {
    // The null MX of RFC 7505 is the root, a dot alone.
    content = content === "." ? content : content.toLowerCase().replace(/\.$/, "");
    if (!/^[a-z0-9_.-]+$/.test(content)) refuse(9007, `Content for ${type} record is invalid.`);
    if (type === "CNAME" && content === name) refuse(9039, "CNAME content cannot reference itself.");
  }
  if (type === "MX" && input.priority == null) refuse(9100, "priority is a required data field.");
  if (type === "TXT" && content.length > 2048) refuse(9207, "TXT record content is too long.");
  const proxied = input.proxied ?? false;
  if (proxied && !PROXIABLE.has(type)) refuse(9004, "This record type cannot be proxied.");
  const ttl = input.ttl ?? 1;
  if (ttl !== 1 && (ttl < 60 || ttl > 86400))
    refuse(9021, "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.");
  if ((input.comment?.length ?? 0) > MAX_COMMENT)
    refuse(9212, `DNS record comment must not exceed ${MAX_COMMENT} characters.`);
  if (input.tags?.length && zone.plan === "free")
    refuse(9300, "DNS record has 1 tags, exceeding the quota of 0.");
  return {
    name,
    type,
    content,
    proxiable: PROXIABLE.has(type),
    proxied,
    ttl: proxied ? 1 : ttl,
    ...(input.priority == null ? {} : { priority: input.priority }),
    ...(input.data ? { data: input.data } : {}),
    settings: input.settings ?? {},
    meta: {},
    comment: input.comment ?? null,
    tags: input.tags ?? [],
  };
}

/** TXT content may be sent with or without its quotes and is the same record. */
function identity(content: string): string {
  return content.replaceAll('"', "");
}

const ADDRESS = new Set(["A", "AAAA", "CNAME"]);

/**
 * Refuses what can't stand beside the records that are there already.
 * @throws ApiError 400: 81058 identical, 81053 CNAME beside address records, 81054 anything of the kind beside a CNAME
 */
export function checkConflicts(
  record: Omit<DnsRecord, "id" | "created_on" | "modified_on">,
  others: DnsRecord[],
): void {
  const same = others.filter((other) => other.name === record.name);
  if (
    same.some((other) => other.type === record.type && identity(other.content) === identity(record.content))
  )
    refuse(81058, "An identical record already exists.");
  if (record.type === "CNAME") {
    if (same.some((other) => ADDRESS.has(other.type)))
      refuse(81053, "An A, AAAA, or CNAME record with that host already exists.");
    if (same.some((other) => other.type === "NS")) refuse(81056, "NS records with that host already exist.");
  }
  if ((record.type === "A" || record.type === "AAAA") && same.some((other) => other.type === "CNAME"))
    refuse(81054, "A CNAME record with that host already exists.");
}
