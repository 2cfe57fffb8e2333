import type { DnsRecord, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";

const MAX_CNAMES = 8;

/** Where a hostname of a zone leads. */
export interface Resolution {
  proxied: boolean;
  /** The last name of the CNAME chain, where there is one. */
  alias?: string;
  ip?: string;
}

/** The records of a name; a wildcard record answers for names that have none of their own (RFC 4592). */
export function recordsOf(state: CloudState, zone: Zone, name: string): DnsRecord[] {
  const all = state.dns(zone.id).list();
  const own = all.filter((record) => record.name === name);
  if (own.length > 0) return own;
  const labels = name.split(".");
  for (let i = 1; i < labels.length; i++) {
    const wildcard = `*.${labels.slice(i).join(".")}`;
    const found = all.filter((record) => record.name === wildcard);
    if (found.length > 0) return found;
  }
  return [];
}

/** Follows a name to an address; `proxied` is what the first record says, as visitors meet that one. */
export function resolve(state: CloudState, zone: Zone, name: string): Resolution | undefined {
  let proxied: boolean | undefined;
  let alias: string | undefined;
  let current = name;
  for (let i = 0; i < MAX_CNAMES; i++) {
    const owner = state.zoneOf(current) ?? (current === name ? zone : undefined);
    const records = owner ? recordsOf(state, owner, current) : [];
    const address = records.find(({ type }) => type === "A") ?? records.find(({ type }) => type === "AAAA");
    const next = records.find(({ type }) => type === "CNAME");
    proxied ??= (address ?? next)?.proxied;
    if (address) return { proxied: proxied ?? false, ip: address.content, ...(alias ? { alias } : {}) };
    if (!next) break;
    alias = next.content;
    current = next.content;
  }
  return alias === undefined ? undefined : { proxied: proxied ?? false, alias };
}
