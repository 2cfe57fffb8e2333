import { z } from "zod";
import { UserError } from "../errors.ts";
import { reasonOf, request } from "./request.ts";

/**
 * The few calls to Cloudflare's API that neither Pulumi nor wrangler makes for us. Plain fetch instead of the official
 * SDK: importing that costs more time than all of these calls together.
 */
export interface Cloudflare {
  /** Writes the content of one DNS record, leaving the rest of it. */
  updateDnsRecord(zoneId: string, recordId: string, content: string): Promise<void>;
  readDnsRecord(zoneId: string, recordId: string): Promise<DnsRecord>;
  /** The deployment that takes a Worker's traffic; undefined where the script does not exist. */
  workerDeployment(accountId: string, script: string): Promise<WorkerDeployment | undefined>;
  /** The Durable Object migration that a script is at; undefined where there is no such script. */
  workerMigration(accountId: string, script: string): Promise<{ tag: string | undefined } | undefined>;
  /** Whether Cloudflare still has a Worker's version; it keeps the newest 100 to go back to. */
  hasWorkerVersion(accountId: string, script: string, versionId: string): Promise<boolean>;
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
const WorkerDeployment = z.object({
  id: z.string(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});
export type WorkerDeployment = z.infer<typeof WorkerDeployment>;
const PagesDeployment = z.object({ id: z.string(), url: z.string() });
export type PagesDeployment = z.infer<typeof PagesDeployment>;

const Envelope = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result: z.unknown(),
});

const BASE_URL = "https://api.cloudflare.com/client/v4";

/** Connects with a token; `baseUrl` ends with `/client/v4`. */
export function cloudflare(token: string, baseUrl: string = BASE_URL): Cloudflare {
  /**
   * Every call here says what is to be, not what is to be done, so that each may be repeated.
   *
   * @returns undefined for a 404
   * @throws UserError `cloudflare-refused`, `cloudflare-unreachable`
   */
  async function call<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
  ): Promise<T | undefined> {
    const response = await request(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new UserError(
        "cloudflare-unreachable",
        `Cloudflare does not answer ${method} ${path}: ${reasonOf(cause)}.`,
        "Check the network and CLOUDFLARE_BASE_URL, then run the same command again.",
        1,
        { cause },
      );
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    const envelope = Envelope.safeParse(await response.json().catch(() => undefined));
    if (response.ok && envelope.success && envelope.data.success) return schema.parse(envelope.data.result);
    const reasons = envelope.data?.errors.map((error) => `${error.message} (${error.code})`).join("; ");
    throw new UserError(
      "cloudflare-refused",
      `Cloudflare answered ${response.status} to ${method} ${path}: ${reasons || "no reason given"}.`,
      response.status === 401 || response.status === 403
        ? "Check CLOUDFLARE_API_TOKEN: it needs Zone DNS edit, Workers Routes edit, Workers Scripts edit and Pages edit for this account."
        : "Run the same command again; if it stays, look at www.cloudflarestatus.com.",
    );
  }

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
    async hasWorkerVersion(accountId, script, versionId) {
      const path = `/accounts/${accountId}/workers/scripts/${script}/versions/${versionId}`;
      return (await call("GET", path, z.unknown())) !== undefined;
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
