import { z } from "zod";
import type { Stage } from "../stage/stage.ts";

/** What stands in the clouds for one stack: a name for each thing, and in what state it is. */
export type Footprint = Readonly<Record<string, string>>;

interface Thing {
  stack: string | undefined;
  name: string;
  state: string;
}

const KINDS = ["servers", "primary_ips", "volumes", "networks", "firewalls", "placement_groups"] as const;
const Labelled = z.array(
  z.object({
    id: z.number(),
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    rules: z.unknown().optional(),
  }),
);
const result = <T>(item: z.ZodType<T>) => z.object({ result: z.array(item) });
const Scripts = result(z.object({ id: z.string() }));
const Deployments = z.object({
  result: z.object({ deployments: z.array(z.object({ versions: z.unknown() })) }),
});
const Projects = result(
  z.object({ name: z.string(), canonical_deployment: z.object({ id: z.string() }).nullish() }),
);
const Records = result(
  z.object({ type: z.string(), name: z.string(), content: z.string(), proxied: z.boolean().optional() }),
);

/**
 * Looks at both stacks through the clouds' own APIs: servers, addresses, firewalls, DNS records, the Workers' versions, the
 * sites' live deployments, the recorded releases.
 */
export async function footprints(stage: Stage): Promise<{ dev: Footprint; prod: Footprint }> {
  const things = (
    await Promise.all([
      ...KINDS.map((kind) => hetznerThings(stage, kind)),
      workers(stage),
      sites(stage),
      records(stage),
      releases(stage, "dev"),
      releases(stage, "prod"),
    ])
  ).flat();
  const of = (owner: string): Footprint =>
    Object.fromEntries(things.filter(({ stack }) => stack === owner).map(({ name, state }) => [name, state]));
  return { dev: of("dev"), prod: of("prod") };
}

/** How one footprint differs from an earlier one, a line for each thing; none where all is as it was. */
export function differences(before: Footprint, after: Footprint): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (was === is) return [];
    if (was === undefined) return [`new: ${name}`];
    if (is === undefined) return [`gone: ${name}`];
    return [`other: ${name}: ${was} → ${is}`];
  });
}

async function hetznerThings(stage: Stage, kind: (typeof KINDS)[number]): Promise<Thing[]> {
  const answer = await stage.api("hetzner", `/${kind}?per_page=50`);
  return Labelled.parse(z.record(z.string(), z.unknown()).parse(answer)[kind]).map(
    ({ id, name, labels, rules }) => ({
      stack: labels.stack,
      name: `${kind} ${name}`,
      state: rules === undefined ? String(id) : `${id} ${JSON.stringify(rules)}`,
    }),
  );
}

async function workers(stage: Stage): Promise<Thing[]> {
  const scripts = `/accounts/${stage.clouds.cloudflare.accountId}/workers/scripts`;
  const list = Scripts.parse(await stage.api("cloudflare", scripts)).result;
  return Promise.all(
    list.map(async ({ id }) => {
      const { deployments } = Deployments.parse(
        await stage.api("cloudflare", `${scripts}/${id}/deployments`),
      ).result;
      return { stack: stackOf(id), name: `worker ${id}`, state: JSON.stringify(deployments[0]?.versions) };
    }),
  );
}

async function sites(stage: Stage): Promise<Thing[]> {
  const path = `/accounts/${stage.clouds.cloudflare.accountId}/pages/projects`;
  return Projects.parse(await stage.api("cloudflare", path)).result.map(({ name, canonical_deployment }) => ({
    stack: stackOf(name),
    name: `site ${name}`,
    state: canonical_deployment?.id ?? "none",
  }));
}

async function records(stage: Stage): Promise<Thing[]> {
  const path = `/zones/${stage.clouds.cloudflare.zoneId}/dns_records?per_page=100`;
  return Records.parse(await stage.api("cloudflare", path)).result.map(({ type, name, content, proxied }) => {
    // The release record is changed in place; the addresses of one name are records of their own.
    const isRelease = name.startsWith("_release.");
    return {
      stack: stackOf(name),
      name: `record ${type} ${name}${isRelease ? "" : ` ${content}`}`,
      state: isRelease ? content : proxied ? "proxied" : "",
    };
  });
}

async function releases(stage: Stage, stack: string): Promise<Thing[]> {
  const list = await stage.github.releases(stack);
  return list.map(({ id, state }) => ({ stack, name: `release ${id}`, state }));
}

/** Names of dev's things bear its suffix, prod's none. */
function stackOf(name: string): "dev" | "prod" {
  return /-dev(?:\.|$)/.test(name) ? "dev" : "prod";
}
