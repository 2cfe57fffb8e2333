import { z } from "zod";
import { neonProjectName } from "../../providers/neon.ts";
import type { RestApi } from "../../providers/rest.ts";
import type { Bench } from "../bench.ts";
import { clients } from "../clients.ts";
import { neonKey } from "../questions/neon.ts";
import { location } from "../questions/stacks.ts";
import type { Step } from "../step.ts";

const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });
const Made = z.object({ project: z.object({ id: z.string() }) });
const Branches = z.object({ branches: z.array(z.object({ name: z.string() })) });

/** The region of Neon next to a location of Hetzner. https://neon.com/docs/introduction/regions */
const REGIONS: Record<string, string> = {
  hil: "aws-us-west-2",
  ash: "aws-us-east-1",
  nbg1: "aws-eu-central-1",
  fsn1: "aws-eu-central-1",
  hel1: "aws-eu-central-1",
  sin: "aws-ap-southeast-1",
};

export const neonStep: Step = {
  name: "neon",
  title: "The database at Neon",
  purpose:
    "A project for each stack, with a branch of its name. A key of Neon's does everything in its project, so that what pull requests get works where prod's data is not.",
  async find(bench) {
    const key = await bench.ask(neonKey);
    if (key === "") return [];
    const api = clients.neon(bench, key);
    const region = REGIONS[await bench.ask(location)] ?? "aws-us-west-2";
    const missing = await Promise.all(
      bench.project.stacks.map(async (stack) => ((await databaseProject(api, bench, stack)) ? [] : [stack])),
    );
    return missing.flat().map((stack) => {
      const name = projectName(bench, stack);
      return {
        tells: `make the Neon project ${name} in ${region}, with the branch ${stack}`,
        do: () =>
          api.call("POST", "/projects", Made, {
            project: { name, region_id: region, branch: { name: stack } },
          }),
      };
    });
  },
};

/** What a stack's own project is called. */
export function projectName({ project }: Bench, stack: string): string {
  return neonProjectName(project.name, stack);
}

/** The id of the project with a stack's database: its own, or prod's where an earlier set-up has made the stack a branch there. */
export async function databaseProject(
  api: RestApi,
  bench: Bench,
  stack: string,
): Promise<string | undefined> {
  const own = await neonProject(api, projectName(bench, stack));
  if (own !== undefined || stack === "prod") return own;
  const shared = await neonProject(api, bench.project.name);
  if (shared === undefined) return undefined;
  const { branches } = await api.call("GET", `/projects/${shared}/branches`, Branches);
  return branches.some(({ name }) => name === stack) ? shared : undefined;
}

/** The id of the project of that name; names are not unique at Neon, so the first one counts. */
export async function neonProject(api: RestApi, name: string): Promise<string | undefined> {
  const { projects } = await api.call(
    "GET",
    `/projects?search=${encodeURIComponent(name)}&limit=100`,
    Projects,
  );
  return projects.find((project) => project.name === name)?.id;
}

const Operations = z.object({ operations: z.array(z.object({ status: z.string() })) });
const PAUSE_MS = 200;
const PATIENCE_MS = 60_000;

/** Waits until Neon has ended what it does to a project: until then it refuses every change (423). */
export async function settled(api: RestApi, project: string): Promise<void> {
  const started = performance.now();
  for (;;) {
    const { operations } = await api.call("GET", `/projects/${project}/operations?limit=20`, Operations);
    const busy = operations.some(({ status }) => ["running", "scheduling", "cancelling"].includes(status));
    if (!busy || performance.now() - started > PATIENCE_MS) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
