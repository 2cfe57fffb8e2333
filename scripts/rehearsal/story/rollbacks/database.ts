import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";

const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });
const Branches = z.object({
  branches: z.array(z.object({ id: z.string(), name: z.string(), restored_from: z.string().nullish() })),
});
export type Branch = z.infer<typeof Branches>["branches"][number];

/** The database of prod at Neon, as the set-up makes it. */
export async function makeDatabase(stage: Stage): Promise<void> {
  const project = { name: "quayside", branch: { name: "prod" } };
  await stage.api("neon", "/projects", { method: "POST", body: { project } });
}

/** The branches of the project, as Neon's API lists them. */
export async function branchesAtNeon(stage: Stage): Promise<Branch[]> {
  const { projects } = Projects.parse(await stage.api("neon", "/projects"));
  const id = projects.find(({ name }) => name === "quayside")?.id;
  return Branches.parse(await stage.api("neon", `/projects/${id}/branches`)).branches;
}
