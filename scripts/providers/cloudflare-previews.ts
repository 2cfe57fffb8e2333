import { z } from "zod";
import { UserError } from "../errors.ts";
import { cloudflareCalls } from "./cloudflare-calls.ts";

/** The kinds of resource that a Worker's bindings can need, by wrangler's words. */
export type PreviewResourceKind = "kv_namespace" | "d1_database" | "queue" | "r2_bucket";

export interface PreviewResource {
  kind: PreviewResourceKind;
  id: string;
  name: string;
}

/** The calls to Cloudflare's API that make and remove what previews need, in the account that is there for them. */
export interface PreviewApi {
  /** `<subdomain>.workers.dev`, which every account has to choose once. */
  workersSubdomain(): Promise<string>;
  scripts(): Promise<string[]>;
  removeScript(name: string): Promise<void>;
  resources(): Promise<PreviewResource[]>;
  /** The resource of that name; made, where it is not there. */
  ensure(
    kind: PreviewResourceKind,
    name: string,
    existing: readonly PreviewResource[],
  ): Promise<PreviewResource>;
  removeResource(resource: PreviewResource): Promise<void>;
  /** The host of a Pages project, `<name>.pages.dev` or longer where somebody else has the name; made, where it is not there. */
  ensureProject(name: string): Promise<string>;
  /** The projects' preview deployments of a branch. */
  siteDeployments(branch: string): Promise<{ project: string; id: string }[]>;
  removeSiteDeployment(project: string, id: string): Promise<void>;
}

const KV = z.object({ id: z.string(), title: z.string() });
const D1 = z.object({ uuid: z.string(), name: z.string() });
const Queue = z.object({ queue_id: z.string(), queue_name: z.string() });
const Bucket = z.object({ name: z.string() });
const Project = z.object({ name: z.string(), subdomain: z.string() });
const Deployment = z.object({
  id: z.string(),
  deployment_trigger: z.object({ metadata: z.object({ branch: z.string() }) }),
});

/** How each kind of resource is listed, made and read. https://developers.cloudflare.com/api/ */
const KINDS: Record<
  PreviewResourceKind,
  { path: string; body(name: string): unknown; one: z.ZodType<Omit<PreviewResource, "kind">> }
> = {
  kv_namespace: {
    path: "/storage/kv/namespaces",
    body: (title) => ({ title }),
    one: KV.transform(({ id, title }) => ({ id, name: title })),
  },
  d1_database: {
    path: "/d1/database",
    body: (name) => ({ name }),
    one: D1.transform(({ uuid, name }) => ({ id: uuid, name })),
  },
  queue: {
    path: "/queues",
    body: (queue_name) => ({ queue_name }),
    one: Queue.transform(({ queue_id, queue_name }) => ({ id: queue_id, name: queue_name })),
  },
  r2_bucket: {
    path: "/r2/buckets",
    body: (name) => ({ name }),
    one: Bucket.transform(({ name }) => ({ id: name, name })),
  },
};

/** Most that these lists give at once. */
const PAGE = 100;
const PROJECTS_PAGE = 10;
const DEPLOYMENTS_PAGE = 25;
const RIGHTS =
  "Workers Scripts, Workers KV Storage, D1 and Cloudflare Pages edit (and Queues, R2 where Workers bind them)";

/** Connects to the account for previews. Every call may be repeated. */
export function previewApi(account: {
  accountId: string;
  token: string;
  baseUrl: string | undefined;
}): PreviewApi {
  const call = cloudflareCalls(account.token, account.baseUrl, RIGHTS);
  const base = `/accounts/${account.accountId}`;

  async function must<T>(what: string, result: Promise<T | undefined>): Promise<T> {
    const found = await result;
    if (found !== undefined) return found;
    throw new UserError(
      "cloudflare-missing",
      `The account for previews has no ${what}.`,
      "Check PREVIEW_CLOUDFLARE_ACCOUNT_ID; in a new account, open Workers once in the dashboard, which chooses its subdomain.",
    );
  }

  async function pages<T>(path: string, item: z.ZodType<T>, size = PAGE): Promise<T[]> {
    const all: T[] = [];
    for (let page = 1; ; page++) {
      const joint = path.includes("?") ? "&" : "?";
      const found = await call("GET", `${base}${path}${joint}page=${page}&per_page=${size}`, z.array(item));
      all.push(...(found ?? []));
      if ((found ?? []).length < size) return all;
    }
  }

  async function list(kind: PreviewResourceKind): Promise<PreviewResource[]> {
    const { path, one } = KINDS[kind];
    if (kind !== "r2_bucket") return (await pages(path, one)).map((each) => ({ kind, ...each }));
    const found = await call(
      "GET",
      `${base}${path}?per_page=1000`,
      z.object({ buckets: z.array(one) }),
    ).catch((error: unknown) => {
      // An account that has not taken R2 up, or a token without it, is refused; then there is no bucket of ours.
      if (error instanceof UserError && error.code === "cloudflare-refused") return undefined;
      throw error;
    });
    return (found?.buckets ?? []).map((each) => ({ kind, ...each }));
  }

  const projects = () => pages("/pages/projects", Project, PROJECTS_PAGE);

  return {
    async workersSubdomain() {
      const found = call("GET", `${base}/workers/subdomain`, z.object({ subdomain: z.string() }));
      return (await must("workers.dev subdomain", found)).subdomain;
    },
    async scripts() {
      const found = await call("GET", `${base}/workers/scripts`, z.array(z.object({ id: z.string() })));
      return (found ?? []).map(({ id }) => id);
    },
    async removeScript(name) {
      // With its Durable Objects, and although others bind it.
      await call("DELETE", `${base}/workers/scripts/${name}?force=true`, z.unknown());
    },
    async resources() {
      const kinds = Object.keys(KINDS) as PreviewResourceKind[];
      return (await Promise.all(kinds.map(list))).flat();
    },
    async ensure(kind, name, existing) {
      const there = existing.find((each) => each.kind === kind && each.name === name);
      if (there) return there;
      const { path, body, one } = KINDS[kind];
      try {
        const made = await must(path, call("POST", `${base}${path}`, one, body(name)));
        return { kind, ...made };
      } catch (error) {
        // Made by a call whose answer was lost, or by a run that was cancelled since the list.
        const now = (await list(kind)).find((each) => each.name === name);
        if (now) return now;
        throw error;
      }
    },
    async removeResource({ kind, id }) {
      await call("DELETE", `${base}${KINDS[kind].path}/${id}`, z.unknown());
    },
    async ensureProject(name) {
      const path = `${base}/pages/projects`;
      const there = await call("GET", `${path}/${name}`, Project);
      if (there) return there.subdomain;
      const made = call("POST", path, Project, { name, production_branch: "main" });
      return (await must(`Pages project ${name}`, made)).subdomain;
    },
    async siteDeployments(branch) {
      const found = await Promise.all(
        (await projects()).map(async ({ name }) => {
          const path = `/pages/projects/${name}/deployments?env=preview`;
          const all = await pages(path, Deployment, DEPLOYMENTS_PAGE);
          return all
            .filter(({ deployment_trigger: { metadata } }) => metadata.branch === branch)
            .map(({ id }) => ({ project: name, id }));
        }),
      );
      return found.flat();
    },
    async removeSiteDeployment(project, id) {
      // The newest of a branch has the branch's address, and is not removed without force.
      await call("DELETE", `${base}/pages/projects/${project}/deployments/${id}?force=true`, z.unknown());
    },
  };
}
