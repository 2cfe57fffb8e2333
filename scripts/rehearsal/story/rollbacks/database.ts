import { z } from "zod";
import { neonApi } from "../../../providers/neon-api.ts";
import type { Stage } from "../../stage/stage.ts";

const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });
const Branches = z.object({
  branches: z.array(z.object({ id: z.string(), name: z.string(), restored_from: z.string().nullish() })),
});
export type Branch = z.infer<typeof Branches>["branches"][number];

/** The database of prod at Neon, as the set-up makes it. */
export async function makeDatabase({ clouds: { neon } }: Stage): Promise<void> {
  const project = { name: "quayside", branch: { name: "prod" } };
  await neonApi(neon.token, neon.url).call("POST", "/projects", z.unknown(), { project });
}

/** The branches of the project, as Neon's API lists them. */
export async function branchesAtNeon({ clouds: { neon } }: Stage): Promise<Branch[]> {
  const api = neonApi(neon.token, neon.url);
  const { projects } = await api.call("GET", "/projects", Projects);
  const id = projects.find(({ name }) => name === "quayside")?.id;
  return (await api.call("GET", `/projects/${id}/branches`, Branches)).branches;
}
