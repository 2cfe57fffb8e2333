import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Clouds } from "../stage/clouds-process.ts";
import { GithubPerson } from "../stage/github-person.ts";

/** One thing in a cloud. */
export interface Thing {
  /** `servers quayside-dev-server1`: what it is and what it is called, the same in every world. */
  name: string;
  id: string;
  /** All that its cloud says of it, but for what is new in every world (ids, times, addresses). */
  looks: string;
  /** The stack's state has to know it. */
  inState: boolean;
}

/** All that is there after a deployment, as the clouds and the state themselves tell. */
export interface Census {
  things: Thing[];
  /** Ids that the state knows. */
  known: Set<string>;
  /** What a deployment that went well does not leave: locks, pending operations, open records, a release without success. */
  leftovers: string[];
}

const HETZNER = ["servers", "primary_ips", "volumes", "networks", "firewalls", "placement_groups"] as const;
const Items = z.array(z.record(z.string(), z.unknown()));
const Rows = z.object({ result: Items });

/** Counts everything, through the clouds' own APIs and in the state's own file. */
export async function takeCensus(clouds: Clouds, state: string): Promise<Census> {
  const things = (await Promise.all([hetzner(clouds), cloudflare(clouds)])).flat();
  const { known, leftovers } = readState(state);
  return { things, known, leftovers: [...leftovers, ...(await openEnds(clouds))] };
}

async function get(cloud: { url: string; token: string }, path: string): Promise<unknown> {
  const response = await fetch(`${cloud.url}${path}`, {
    headers: { authorization: `Bearer ${cloud.token}` },
  });
  return response.status === 404 ? { result: [] } : ((await response.json()) as unknown);
}

async function hetzner({ hetzner: cloud }: Clouds): Promise<Thing[]> {
  const lists = await Promise.all(
    HETZNER.map(async (kind) => {
      const page = z.record(z.string(), z.unknown()).parse(await get(cloud, `/${kind}?per_page=50`));
      return Items.parse(page[kind]).map((item) => thing(kind, String(item.name), item, true));
    }),
  );
  return lists.flat();
}

async function cloudflare({ cloudflare: cloud }: Clouds): Promise<Thing[]> {
  const { accountId, zoneId } = cloud;
  const account = `/accounts/${accountId}`;
  const rows = async (path: string) => Rows.parse(await get(cloud, path)).result;
  const list = async (
    kind: string,
    path: string,
    name: (item: Record<string, unknown>) => unknown,
    inState = true,
  ) => (await rows(path)).map((item) => thing(kind, String(name(item)), item, inState));
  const scripts = await rows(`${account}/workers/scripts`);
  const projects = await rows(`${account}/pages/projects`);
  return (
    await Promise.all([
      list(
        "record",
        `/zones/${zoneId}/dns_records?per_page=100`,
        ({ type, name, comment }) => `${type} ${name} ${comment}`,
      ),
      list("certificate", `/certificates?zone_id=${zoneId}`, () => "origin"),
      list("ruleset", `/zones/${zoneId}/rulesets`, ({ phase }) => phase),
      list("setting", `/zones/${zoneId}/settings`, ({ id }) => id, false),
      list("kv", `${account}/storage/kv/namespaces`, ({ title }) => title),
      list("d1", `${account}/d1/database`, ({ name }) => name),
      list("queue", `${account}/queues`, ({ queue_name }) => queue_name),
      list("route", `/zones/${zoneId}/workers/routes`, ({ pattern }) => pattern, false),
      ...scripts.map(async ({ id }) => {
        const path = `${account}/workers/scripts/${id}`;
        const [settings, live] = [
          await get(cloud, `${path}/settings`),
          await get(cloud, `${path}/deployments`),
        ];
        const Live = z.object({
          result: z.object({ deployments: z.array(z.object({ versions: z.unknown() })) }),
        });
        const { versions } = Live.parse(live).result.deployments[0] ?? {};
        return [thing("worker", String(id), { settings, versions }, false)];
      }),
      ...projects.map(async ({ name, production_branch, canonical_deployment: live }) => {
        const domains = await rows(`${account}/pages/projects/${name}/domains`);
        const item = {
          id: name,
          production_branch,
          isLive: live !== null && live !== undefined,
          domains: domains.map((each) => [each.name, each.status]),
        };
        return [thing("site", String(name), item, true)];
      }),
    ])
  ).flat();
}

function thing(kind: string, name: string, item: Record<string, unknown>, inState: boolean): Thing {
  const id = String(item.id ?? item.uuid ?? item.queue_id ?? "");
  return { name: `${kind} ${name}`, id, looks: plain(item), inState };
}

/** Times, ids, keys and addresses are new in every world; their places are not. */
const EVER_NEW: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)/g, "TIME"],
  [/dev-\d+-[0-9a-f]{7}/g, "RELEASE"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "ID"],
  [/\b[0-9a-f]{16,}\b/g, "ID"],
  [/-----BEGIN[^"]+-----END[^"]+/g, "PEM"],
  [/\bat=\d+/g, "at=TIME"],
  // The release record: what is in it is sealed, and signed behind that.
  [/sealed=.*?\\""(?=[,}])/g, 'SEALED"'],
  [/sig=[\w+/=-]+/g, "SIGNATURE"],
  [/\b\d{1,3}(\.\d{1,3}){3}\b/g, "IPV4"],
  [/\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){2,}(\/\d+)?/g, "IPV6"],
  [
    /("(?:[a-z_]*id|server|network|assignee_id|servers|volumes|size|serial_number)":\s*)(\[[\d,]*\]|\d+|"\d+")/g,
    "$1ID",
  ],
  [/your-server\.de|static\.[^"]+/g, "PTR"],
];
const NEVER_COMPARED = new Set([
  "created",
  "protected_at",
  "expires_on",
  "etag",
  "latest_deployment",
  "mac_address",
]);

function plain(item: Record<string, unknown>): string {
  // A cloud may name a thing's properties in another order once one of them was set again.
  const inOrder = (value: object) =>
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify(item, (key, value: unknown) => {
    if (NEVER_COMPARED.has(key)) return undefined;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? inOrder(value) : value;
  });
  return EVER_NEW.reduce((clean, [pattern, word]) => clean.replace(pattern, word), text);
}

const State = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        resources: z
          .array(z.object({ id: z.string().optional(), urn: z.string(), delete: z.boolean().optional() }))
          .nullish(),
        pending_operations: z.array(z.unknown()).nullish(),
      })
      .nullish(),
  }),
});

function readState(state: string): { known: Set<string>; leftovers: string[] } {
  const file = join(state, ".pulumi", "stacks", "quayside", "dev.json");
  if (!existsSync(file)) return { known: new Set(), leftovers: ["there is no state"] };
  const { latest } = State.parse(JSON.parse(readFileSync(file, "utf8"))).checkpoint;
  const resources = latest?.resources ?? [];
  const pending = latest?.pending_operations?.length ?? 0;
  const dying = resources.filter((resource) => resource.delete).length;
  const locks = join(state, ".pulumi", "locks", "organization", "quayside", "dev");
  const held = existsSync(locks) ? readdirSync(locks).filter((name) => name.endsWith(".json")).length : 0;
  return {
    known: new Set(resources.flatMap(({ id }) => (id === undefined ? [] : [id]))),
    leftovers: [
      ...(pending > 0 ? [`${pending} pending operations`] : []),
      ...(dying > 0 ? [`${dying} resources that are still to be deleted`] : []),
      ...(held > 0 ? [`${held} locks`] : []),
    ],
  };
}

async function openEnds({ github }: Clouds): Promise<string[]> {
  const person = new GithubPerson(github);
  const Open = z.array(z.object({ id: z.number() }));
  const path = `/repos/${github.repository}/deployments?environment=dev&task=update&per_page=100`;
  const open = Open.parse(await get(github, path));
  const [newest] = await person.releases("dev");
  return [
    ...(open.length > 0 ? [`${open.length} updates that are written down as under way`] : []),
    ...(newest?.state === "success" ? [] : [`the newest release is ${newest?.state ?? "not there"}`]),
  ];
}
