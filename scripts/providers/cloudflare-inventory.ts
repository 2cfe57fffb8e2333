import { z } from "zod";
import { cloudflareEnvelopes } from "./cloudflare-calls.ts";

const DnsRecord = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  comment: z.string().nullish(),
});
const Namespace = z.object({ id: z.string(), title: z.string() });
const Database = z.object({ uuid: z.string(), name: z.string() });
const Queue = z.object({ queue_id: z.string(), queue_name: z.string() });
const Route = z.object({ id: z.string(), pattern: z.string(), script: z.string().nullish() });
const Ruleset = z.object({ id: z.string(), name: z.string(), kind: z.string(), phase: z.string() });
const Certificate = z.object({
  id: z.string(),
  csr: z.string().nullish(),
  revoked_at: z.string().nullish(),
});
const Widget = z.object({ sitekey: z.string(), name: z.string() });

/**
 * Looks at what an account and its zones have (https://developers.cloudflare.com/api/). Only reads, but for the one thing that
 * a lost answer can leave twice.
 */
export interface CloudflareInventory {
  dnsRecords(zoneId: string, type: string, name: string): Promise<z.infer<typeof DnsRecord>[]>;
  kvNamespaces(accountId: string): Promise<z.infer<typeof Namespace>[]>;
  d1Databases(accountId: string, name: string): Promise<z.infer<typeof Database>[]>;
  queues(accountId: string): Promise<z.infer<typeof Queue>[]>;
  rulesets(zoneId: string): Promise<z.infer<typeof Ruleset>[]>;
  workerRoutes(zoneId: string): Promise<z.infer<typeof Route>[]>;
  /** Origin CA certificates that are still good. */
  originCertificates(zoneId: string): Promise<z.infer<typeof Certificate>[]>;
  revokeOriginCertificate(id: string): Promise<void>;
  turnstileWidgets(accountId: string): Promise<z.infer<typeof Widget>[]>;
  hasR2Bucket(accountId: string, name: string): Promise<boolean>;
  hasPagesProject(accountId: string, name: string): Promise<boolean>;
  hasPagesDomain(accountId: string, project: string, domain: string): Promise<boolean>;
}

/** For the errors. */
const RIGHTS = "to read all that a deployment makes";
const PER_PAGE = 100;

/**
 * @param baseUrl ends with `/client/v4`
 * @throws UserError `cloudflare-refused`, `cloudflare-unreachable` from every call
 */
export function cloudflareInventory(token: string, baseUrl?: string): CloudflareInventory {
  const call = cloudflareEnvelopes(token, baseUrl, RIGHTS);

  /** All pages of a list; none where what it belongs to is gone. */
  async function list<T>(path: string, item: z.ZodType<T>, query: Record<string, string> = {}): Promise<T[]> {
    const items: T[] = [];
    for (let page = 1; ; page++) {
      const search = new URLSearchParams({ ...query, page: String(page), per_page: String(PER_PAGE) });
      const found = await call("GET", `${path}?${search}`);
      items.push(...z.array(item).parse(found?.result ?? []));
      if (page >= (found?.result_info?.total_pages ?? 1)) return items;
    }
  }
  const exists = async (path: string) => (await call("GET", path)) !== undefined;

  return {
    dnsRecords: (zoneId, type, name) => list(`/zones/${zoneId}/dns_records`, DnsRecord, { type, name }),
    kvNamespaces: (accountId) => list(`/accounts/${accountId}/storage/kv/namespaces`, Namespace),
    d1Databases: (accountId, name) => list(`/accounts/${accountId}/d1/database`, Database, { name }),
    queues: (accountId) => list(`/accounts/${accountId}/queues`, Queue),
    // This list has no pages at all.
    workerRoutes: async (zoneId) =>
      z.array(Route).parse((await call("GET", `/zones/${zoneId}/workers/routes`))?.result ?? []),
    async rulesets(zoneId) {
      // This list has no pages by number: https://developers.cloudflare.com/api/resources/rulesets/methods/list/
      return z.array(Ruleset).parse((await call("GET", `/zones/${zoneId}/rulesets`))?.result ?? []);
    },
    async originCertificates(zoneId) {
      const all = await list("/certificates", Certificate, { zone_id: zoneId });
      return all.filter(({ revoked_at }) => !revoked_at);
    },
    revokeOriginCertificate: async (id) => void (await call("DELETE", `/certificates/${id}`)),
    turnstileWidgets: (accountId) => list(`/accounts/${accountId}/challenges/widgets`, Widget),
    hasR2Bucket: (accountId, name) => exists(`/accounts/${accountId}/r2/buckets/${encodeURIComponent(name)}`),
    hasPagesProject: (accountId, name) =>
      exists(`/accounts/${accountId}/pages/projects/${encodeURIComponent(name)}`),
    hasPagesDomain: (accountId, project, domain) =>
      exists(
        `/accounts/${accountId}/pages/projects/${encodeURIComponent(project)}/domains/${encodeURIComponent(domain)}`,
      ),
  };
}
