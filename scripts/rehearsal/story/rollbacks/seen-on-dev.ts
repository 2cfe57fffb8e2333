import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { HOSTS } from "../hosts.ts";

/** What somebody on the internet sees of dev. */
export interface SeenOnDev {
  /** The landing page's title. */
  title: string;
  /** The version of the intake Worker that answers. */
  worker: string;
  /** The image that the server says it runs. */
  image: string;
}

const Health = z.looseObject({ version: z.string() });
const Running = z.looseObject({ image: z.string().nullable() });

export async function seenOnDev(stage: Stage): Promise<SeenOnDev> {
  const [page, health, server] = await stage.visitor.visit(
    HOSTS.dev.www,
    `${HOSTS.dev.www}/intake/healthz`,
    "https://server1-dev.example.com/_release",
  );
  return {
    title: /<title>([^<]*)<\/title>/.exec(page?.body ?? "")?.[1] ?? String(page?.status),
    worker: health?.status === 200 ? Health.parse(health.json()).version : String(health?.status),
    image: server?.status === 200 ? (Running.parse(server.json()).image ?? "none") : String(server?.status),
  };
}

const Namespaces = z.object({ result: z.array(z.object({ id: z.string(), title: z.string() })) });

/** The KV namespaces of dev at Cloudflare, by their titles. */
export async function namespacesOfDev(stage: Stage): Promise<string[]> {
  const { accountId } = stage.clouds.cloudflare;
  const answer = await stage.api("cloudflare", `/accounts/${accountId}/storage/kv/namespaces?per_page=100`);
  return Namespaces.parse(answer)
    .result.map(({ title }) => title)
    .filter((title) => title.includes("dev"));
}

const Records = z.object({ result: z.array(z.object({ id: z.string(), content: z.string() })) });

/** The record that tells dev's servers what to run, at Cloudflare. */
export async function releaseRecord(stage: Stage): Promise<{ id: string; content: string }> {
  const path = `/zones/${stage.clouds.cloudflare.zoneId}/dns_records?name=_release.app-dev.example.com`;
  const [record] = Records.parse(await stage.api("cloudflare", path)).result;
  if (!record) throw new Error("dev has no release record");
  return record;
}
