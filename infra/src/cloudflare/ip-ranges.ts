import { getIpRanges } from "@pulumi/cloudflare/getIpRanges.js";
import { z } from "zod";

const Ranges = z.object({
  ipv4Cidrs: z.array(z.cidrv4()).min(1),
  ipv6Cidrs: z.array(z.cidrv6()).min(1),
});

/**
 * The addresses from which Cloudflare reaches an origin, IPv4 before IPv6, sorted so that the order in which they are
 * published changes nothing. Throws on an empty or malformed list: a firewall made from it would lock everybody out.
 * https://www.cloudflare.com/ips/
 */
export async function cloudflareIpRanges(): Promise<string[]> {
  return sortedRanges(await getIpRanges());
}

export function sortedRanges(published: unknown): string[] {
  const { ipv4Cidrs, ipv6Cidrs } = Ranges.parse(published);
  return [...ipv4Cidrs.toSorted(), ...ipv6Cidrs.toSorted()];
}
