import { z } from "zod";
import type { RestApi } from "../../providers/rest.ts";
import { clients } from "../clients.ts";
import { neonKey } from "../questions/neon.ts";
import { location } from "../questions/stacks.ts";
import type { Step } from "../step.ts";

const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });
const Made = z.object({ project: z.object({ id: z.string() }) });
const Branches = z.object({
  branches: z.array(z.object({ id: z.string(), name: z.string(), default: z.boolean().default(false) })),
});

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
  purpose: "One project; prod is its default branch, each other stack has a branch of its own.",
  async find(bench) {
    const key = await bench.ask(neonKey);
    if (key === "") return [];
    const api = clients.neon(bench, key);
    const { name, stacks } = bench.project;
    const branched = stacks.filter((stack) => stack !== "prod");
    const project = await neonProject(api, name);
    const present = project
      ? (await api.call("GET", `/projects/${project}/branches`, Branches)).branches
      : [];
    const region = REGIONS[await bench.ask(location)] ?? "aws-us-west-2";
    return [
      ...(project === undefined
        ? [
            {
              tells: `make the Neon project ${name} in ${region}, with the branch prod`,
              do: () =>
                api.call("POST", "/projects", Made, {
                  project: { name, region_id: region, branch: { name: "prod" } },
                }),
            },
          ]
        : []),
      ...branched
        .filter((stack) => !present.some((branch) => branch.name === stack))
        .map((stack) => ({
          tells: `make the branch ${stack}, a copy of prod's`,
          do: async () => {
            const id = (await neonProject(api, name)) ?? "";
            await settled(api, id);
            await api.call("POST", `/projects/${id}/branches`, z.unknown(), {
              branch: { name: stack },
              endpoints: [{ type: "read_write" }],
            });
          },
        })),
    ];
  },
};

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
