import { z } from "zod";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import type { RestApi } from "../providers/rest.ts";

/** Something that stands in a cloud for a stack. */
export interface Leftover {
  cloud: string;
  kind: string;
  name: string;
}

const KINDS = [
  "servers",
  "load_balancers",
  "primary_ips",
  "floating_ips",
  "volumes",
  "networks",
  "firewalls",
  "placement_groups",
  "ssh_keys",
] as const;

/** What Hetzner has for a stack, by its labels, whether the state knows of it or not. */
export async function hetznerLeftovers(api: RestApi, project: string, stack: string): Promise<Leftover[]> {
  const selector = encodeURIComponent(`project==${project},stack==${stack}`);
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      const Listed = z.object({ [kind]: z.array(z.object({ name: z.string() })) });
      const listed = await api.find(`/${kind}?label_selector=${selector}&per_page=50`, Listed);
      return (listed?.[kind] ?? []).map(({ name }) => ({
        cloud: "Hetzner Cloud",
        kind: kind.replaceAll("_", " "),
        name,
      }));
    }),
  );
  return found.flat();
}

const Listed = z.object({ result: z.unknown() });
const Named = z.array(
  z.looseObject({
    id: z.string().optional(),
    uuid: z.string().optional(),
    name: z.string().optional(),
    queue_name: z.string().optional(),
    title: z.string().optional(),
  }),
);

/** What Cloudflare still has of what a stack's outputs named: scripts, sites, the stores that they used, records. */
export async function cloudflareLeftovers(api: RestApi, outputs: StackOutputs): Promise<Leftover[]> {
  const { accountId, zone } = outputs;
  const bindings = Object.values(outputs.workers).flatMap((worker) => Object.values(worker.bindings));
  const of = (kind: string) =>
    bindings.flatMap((binding) =>
      binding.kind === kind ? ["id" in binding ? binding.id : "name" in binding ? binding.name : ""] : [],
    );
  const account = `/accounts/${accountId}`;
  const hosts = [
    ...outputs.servers.map(({ healthHostname }) => healthHostname),
    ...Object.values(outputs.sites).map(({ domain }) => domain),
    outputs.app.hostname,
    outputs.releaseRecord.name,
  ];
  const lists: { kind: string; path: string; own: string[]; inside?: string }[] = [
    {
      kind: "Worker",
      path: `${account}/workers/scripts`,
      own: Object.values(outputs.workers).map(({ scriptName }) => scriptName),
    },
    {
      kind: "Pages project",
      path: `${account}/pages/projects`,
      own: Object.values(outputs.sites).map(({ project }) => project),
    },
    { kind: "KV namespace", path: `${account}/storage/kv/namespaces?per_page=100`, own: of("kv_namespace") },
    { kind: "D1 database", path: `${account}/d1/database?per_page=100`, own: of("d1_database") },
    { kind: "queue", path: `${account}/queues?per_page=100`, own: of("queue") },
    {
      kind: "R2 bucket",
      path: `${account}/r2/buckets?per_page=100`,
      own: of("r2_bucket"),
      inside: "buckets",
    },
    { kind: "DNS record", path: `/zones/${zone.id}/dns_records?per_page=100`, own: hosts },
  ];
  const found = await Promise.all(
    lists
      .filter(({ own }) => own.length > 0)
      .map(async ({ kind, path, own, inside }) => {
        const { result } = await api.call("GET", path, Listed);
        const list = inside ? z.record(z.string(), z.unknown()).parse(result)[inside] : result;
        return Named.parse(list).flatMap(({ id, uuid, name, queue_name, title }) => {
          const names = [id, uuid, name, queue_name, title].filter((each) => each !== undefined);
          return names.some((each) => own.includes(each))
            ? [{ cloud: "Cloudflare", kind, name: name ?? queue_name ?? title ?? id ?? "" }]
            : [];
        });
      }),
  );
  return found.flat();
}
