import { z } from "zod";
import { UserError } from "../errors.ts";
import { cloudflareCalls } from "./cloudflare-calls.ts";

/**
 * The few calls to Cloudflare's API that neither Pulumi nor wrangler makes for us. Plain fetch instead of the official
 * SDK: importing that costs more time than all of these calls together.
 */
export interface Cloudflare {
  /** Writes the content of one DNS record, leaving the rest of it. */
  updateDnsRecord(zoneId: string, recordId: string, content: string): Promise<void>;
  readDnsRecord(zoneId: string, recordId: string): Promise<DnsRecord>;
  /** The content of a record, undefined where it is gone. */
  dnsContent(zoneId: string, recordId: string): Promise<string | undefined>;
  /** The deployment that takes a Worker's traffic; undefined where the script does not exist. */
  workerDeployment(accountId: string, script: string): Promise<WorkerDeployment | undefined>;
  /** What a Worker's version is bound to and which Durable Object migration it knows; undefined where it is gone. */
  workerVersion(accountId: string, script: string, versionId: string): Promise<WorkerVersion | undefined>;
  /** The Durable Object migration that a script is at; undefined where there is no such script. */
  workerMigration(accountId: string, script: string): Promise<{ tag: string | undefined } | undefined>;
  /** The ids of the versions that may be deployed, the newest 100 (…/workers/versions-and-deployments/rollbacks/). */
  deployableVersions(accountId: string, script: string): Promise<string[]>;
  /** Gives a Worker's traffic to one or two versions, though its secrets have changed between them. */
  deployVersions(
    accountId: string,
    script: string,
    shares: readonly { versionId: string; percentage: number }[],
    message: string,
  ): Promise<void>;
  /** Whether what a Worker is bound to is still there; true for kinds that can't be looked up. */
  hasBoundResource(accountId: string, binding: VersionBinding): Promise<boolean>;
  /** Which script answers which route of a zone. */
  workerRoutes(zoneId: string): Promise<{ pattern: string; script?: string | null }[]>;
  /** The production deployment of a Pages project; undefined where there is none. */
  pagesDeployment(accountId: string, project: string): Promise<PagesDeployment | undefined>;
  hasPagesDeployment(accountId: string, project: string, deploymentId: string): Promise<boolean>;
  /** Makes an earlier production deployment live again (wrangler has no command for it). */
  rollbackPages(accountId: string, project: string, deploymentId: string): Promise<PagesDeployment>;
}

const DnsRecord = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  content: z.string().default(""),
});
export type DnsRecord = z.infer<typeof DnsRecord>;
/** Who made a deployment and when, as far as Cloudflare says it. */
const Made = z.object({ created_on: z.string().nullish(), author_email: z.string().nullish() });
const WorkerDeployment = Made.extend({
  id: z.string(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});
export type WorkerDeployment = z.infer<typeof WorkerDeployment>;
const PagesDeployment = z.object({ id: z.string(), url: z.string(), created_on: z.string().nullish() });
export type PagesDeployment = z.infer<typeof PagesDeployment>;
const VersionBinding = z.looseObject({ type: z.string(), name: z.string() });
export type VersionBinding = z.infer<typeof VersionBinding>;
const WorkerVersion = z.object({
  id: z.string(),
  resources: z.object({
    bindings: z.array(VersionBinding).nullish(),
    script_runtime: z.object({ migration_tag: z.string().nullish() }).nullish(),
  }),
});
export type WorkerVersion = z.infer<typeof WorkerVersion>;

/** Where a binding's resource can be asked for, by the binding's type and the property that names the resource. */
const RESOURCES: Record<string, { key: readonly string[]; path: string }> = {
  kv_namespace: { key: ["namespace_id"], path: "storage/kv/namespaces" },
  d1: { key: ["id", "database_id"], path: "d1/database" },
  r2_bucket: { key: ["bucket_name"], path: "r2/buckets" },
};

const RIGHTS = "Zone DNS edit, Workers Routes edit, Workers Scripts edit and Pages edit";

/** Cloudflare's limit for the message of a deployment. */
const MESSAGE_MAX = 100;

/** Connects with a token; `baseUrl` ends with `/client/v4`. */
export function cloudflare(token: string, baseUrl?: string): Cloudflare {
  // Every call here says what is to be, not what is to be done, so that each may be repeated.
  const call = cloudflareCalls(token, baseUrl, RIGHTS);

  async function must<T>(what: string, result: Promise<T | undefined>): Promise<T> {
    const found = await result;
    if (found !== undefined) return found;
    throw new UserError(
      "cloudflare-missing",
      `Cloudflare knows no ${what}.`,
      "Somebody removed it by hand: run the drift check, then deploy the stack to bring it back.",
    );
  }

  return {
    async updateDnsRecord(zoneId, recordId, content) {
      await must(
        `DNS record ${recordId}`,
        call("PATCH", `/zones/${zoneId}/dns_records/${recordId}`, DnsRecord, { content }),
      );
    },
    readDnsRecord: (zoneId, recordId) =>
      must(`DNS record ${recordId}`, call("GET", `/zones/${zoneId}/dns_records/${recordId}`, DnsRecord)),
    async workerDeployment(accountId, script) {
      const list = await call(
        "GET",
        `/accounts/${accountId}/workers/scripts/${script}/deployments`,
        z.object({ deployments: z.array(WorkerDeployment) }),
      );
      return list?.deployments[0];
    },
    workerVersion: (accountId, script, versionId) =>
      call("GET", `/accounts/${accountId}/workers/scripts/${script}/versions/${versionId}`, WorkerVersion),
    async workerMigration(accountId, script) {
      const service = await call(
        "GET",
        `/accounts/${accountId}/workers/services/${script}`,
        z.object({
          default_environment: z.object({ script: z.object({ migration_tag: z.string().nullish() }) }),
        }),
      );
      return service && { tag: service.default_environment.script.migration_tag ?? undefined };
    },
    async deployableVersions(accountId, script) {
      const path = `/accounts/${accountId}/workers/scripts/${script}/versions?deployable=true`;
      const list = await call("GET", path, z.object({ items: z.array(z.object({ id: z.string() })) }));
      return list?.items.map(({ id }) => id) ?? [];
    },
    async deployVersions(accountId, script, shares, message) {
      const path = `/accounts/${accountId}/workers/scripts/${script}/deployments?force=true`;
      const versions = shares.map(({ versionId, percentage }) => ({ version_id: versionId, percentage }));
      const annotations = { "workers/message": message.slice(0, MESSAGE_MAX) };
      await must(
        `Worker ${script}`,
        call("POST", path, z.unknown(), { strategy: "percentage", versions, annotations }),
      );
    },
    async hasBoundResource(accountId, binding) {
      if (binding.type === "queue") {
        const queues = await call(
          "GET",
          `/accounts/${accountId}/queues?per_page=100`,
          z.array(z.object({ queue_name: z.string() })),
        );
        return queues?.some(({ queue_name }) => queue_name === binding.queue_name) ?? false;
      }
      const resource = RESOURCES[binding.type];
      const id = resource?.key.map((key) => binding[key]).find((value) => typeof value === "string");
      if (!resource || id === undefined) return true;
      return (await call("GET", `/accounts/${accountId}/${resource.path}/${id}`, z.unknown())) !== undefined;
    },
    async workerRoutes(zoneId) {
      const Route = z.object({ pattern: z.string(), script: z.string().nullish() });
      return (await call("GET", `/zones/${zoneId}/workers/routes`, z.array(Route))) ?? [];
    },
    async dnsContent(zoneId, recordId) {
      return (await call("GET", `/zones/${zoneId}/dns_records/${recordId}`, DnsRecord))?.content;
    },
    async pagesDeployment(accountId, project) {
      const found = await call(
        "GET",
        `/accounts/${accountId}/pages/projects/${project}`,
        z.object({ canonical_deployment: PagesDeployment.nullish() }),
      );
      return found?.canonical_deployment ?? undefined;
    },
    async hasPagesDeployment(accountId, project, deploymentId) {
      const path = `/accounts/${accountId}/pages/projects/${project}/deployments/${deploymentId}`;
      return (await call("GET", path, z.unknown())) !== undefined;
    },
    rollbackPages: (accountId, project, deploymentId) =>
      must(
        `deployment ${deploymentId} of Pages project ${project}`,
        call(
          "POST",
          `/accounts/${accountId}/pages/projects/${project}/deployments/${deploymentId}/rollback`,
          PagesDeployment,
        ),
      ),
  };
}
