import type { DnsRecord, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";

const MAX_CNAMES = 8;

/** Where a hostname of a zone leads. */
export interface Resolution {
  proxied: boolean;
  /** The last name of the CNAME chain, where there is one. */
  alias?: string;
  /** All addresses of its last name, those of IPv4 where there are any. */
  ips: string[];
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
    const ofType = (wanted: DnsRecord["type"]) => records.filter(({ type }) => type === wanted);
    const addresses = ofType("A").length > 0 ? ofType("A") : ofType("AAAA");
    const [next] = ofType("CNAME");
    proxied ??= (addresses[0] ?? next)?.proxied;
    if (addresses.length > 0) {
      const ips = addresses.map(({ content }) => content);
      return { proxied: proxied ?? false, ips, ...(alias ? { alias } : {}) };
    }
    if (!next) break;
    alias = next.content;
    current = next.content;
  }
  return alias === undefined ? undefined : { proxied: proxied ?? false, alias, ips: [] };
}
