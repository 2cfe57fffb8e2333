import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const Stores = z.object({ result: z.array(z.object({ id: z.string(), title: z.string() })) });

/** The KV namespaces of dev, as Cloudflare lists them. */
export async function storesOfDev(stage: Stage): Promise<{ id: string; title: string }[]> {
  const path = `/accounts/${stage.clouds.cloudflare.accountId}/storage/kv/namespaces?per_page=100`;
  const { result } = Stores.parse(await stage.api("cloudflare", path));
  return result.filter(({ title }) => title.endsWith("-dev")).map(({ id, title }) => ({ id, title }));
}
