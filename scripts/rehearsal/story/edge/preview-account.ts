import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const List = z.object({ result: z.array(z.looseObject({})) });

/** What the account for previews holds, by its own API: scripts, namespaces, databases, deployments of sites. */
export async function previewAccount({ clouds: { cloudflare } }: Stage): Promise<string[]> {
  const ask = async (path: string) => {
    const url = `${cloudflare.url}/accounts/${cloudflare.previewAccountId}${path}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${cloudflare.previewToken}` } });
    return List.parse(await response.json()).result;
  };
  const projects = await ask("/pages/projects");
  const lists = await Promise.all([
    ask("/workers/scripts"),
    ask("/storage/kv/namespaces?per_page=100"),
    ask("/d1/database?per_page=100"),
    ...projects.map(({ name }) => ask(`/pages/projects/${name}/deployments`)),
  ]);
  return lists.flat().map((each) => JSON.stringify(each).slice(0, 200));
}
