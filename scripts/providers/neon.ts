import { z } from "zod";
import { neonApi } from "./neon-api.ts";
import { type NeonBranch, type NeonProject, neonProject } from "./neon-project.ts";

/** A branch of a Neon project that keeps what another one was at a moment. */
export interface RestorePoint {
  id: string;
  name: string;
  createdAt: string;
}

/** A stack's data at Neon: the branch of its name, in a project of its own or in that of the root's prod. */
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

/** What a stack's own project is called at Neon: prod's has the repository's name alone. */
export function neonProjectName(repository: string, stack: string): string {
  return stack === "prod" ? repository : `${repository}-${stack}`;
}

/** The database of a stack; undefined where no project that may have it has a branch of its name. */
export async function stackDatabase(
  key: string,
  repository: string,
  stack: string,
  baseUrl?: string,
): Promise<StackDatabase | undefined> {
  const api = neonApi(key, baseUrl);
  const { projects } = await api.call(
    "GET",
    `/projects?search=${encodeURIComponent(repository)}&limit=100`,
    Projects,
  );
  for (const wanted of new Set([neonProjectName(repository, stack), repository])) {
    const id = projects.find(({ name }) => name === wanted)?.id;
    if (id === undefined) continue;
    const neon = neonProject(api, id);
    const own = (await neon.branches()).find(({ name }) => name === stack);
    if (own) return databaseAt(neon, stack, own.id);
  }
  return undefined;
}

function databaseAt(neon: NeonProject, stack: string, own: string): StackDatabase {
  const pointOf = ({ id: branch, name, created_at }: NeonBranch): RestorePoint => ({
    id: branch,
    name,
    createdAt: created_at,
  });
  return {
    keep: async (name, until) =>
      pointOf(await neon.add({ name: `${PREFIX}${name}`, parent: own, until, compute: false })),
    restorePoints: async () =>
      (await neon.branches())
        // By the stack's name: a restored branch hands its children to the one that keeps what it was.
        .filter(({ name }) => name.startsWith(`${PREFIX}${stack}-`))
        .map(pointOf)
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)),
    drop: (branch) => neon.remove(branch),
    restore: (branch, keepAs) => neon.restore(own, branch, keepAs),
  };
}
