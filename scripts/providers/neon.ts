import { z } from "zod";
import { neonApi } from "./neon-api.ts";
import { type NeonBranch, neonProject } from "./neon-project.ts";

/** A branch of a Neon project that keeps what another one was at a moment. */
export interface RestorePoint {
  id: string;
  name: string;
  createdAt: string;
}

/** A stack's data at Neon: the branch of the stack's name in the project of the repository's. */
export interface StackDatabase {
  /** Keeps the data as they are now, under a name that begins with the stack's; Neon deletes the branch by itself when its time is over. */
  keep(name: string, until: Date): Promise<RestorePoint>;
  /** Those that {@link keep} has made, oldest first. */
  restorePoints(): Promise<RestorePoint[]>;
  drop(id: string): Promise<void>;
  /** Puts the data back to what a restore point has; what they are until then is kept as a branch of this name. */
  restore(id: string, keepAs: string): Promise<void>;
}

const Projects = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });

/** What restore points' names begin with. */
const PREFIX = "restore-";

/** The database of a stack; undefined where Neon has no such project, or the project no such branch. */
export async function stackDatabase(
  key: string,
  project: string,
  stack: string,
  baseUrl?: string,
): Promise<StackDatabase | undefined> {
  const api = neonApi(key, baseUrl);
  const { projects } = await api.call(
    "GET",
    `/projects?search=${encodeURIComponent(project)}&limit=100`,
    Projects,
  );
  const id = projects.find(({ name }) => name === project)?.id;
  if (id === undefined) return undefined;
  const neon = neonProject(api, id);
  const own = (await neon.branches()).find(({ name }) => name === stack);
  if (own === undefined) return undefined;

  const pointOf = ({ id: branch, name, created_at }: NeonBranch): RestorePoint => ({
    id: branch,
    name,
    createdAt: created_at,
  });
  return {
    keep: async (name, until) =>
      pointOf(await neon.add({ name: `${PREFIX}${name}`, parent: own.id, until, compute: false })),
    restorePoints: async () =>
      (await neon.branches())
        // By the stack's name: a restored branch hands its children to the one that keeps what it was.
        .filter(({ name }) => name.startsWith(`${PREFIX}${stack}-`))
        .map(pointOf)
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)),
    drop: (branch) => neon.remove(branch),
    restore: (branch, keepAs) => neon.restore(own.id, branch, keepAs),
  };
}
