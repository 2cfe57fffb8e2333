import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { neonApi } from "./neon-api.ts";

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
const Branch = z.object({
  id: z.string(),
  name: z.string(),
  created_at: z.string(),
});
const Branches = z.object({ branches: z.array(Branch) });
const Made = z.object({ branch: Branch });
const Operations = z.object({ operations: z.array(z.object({ status: z.string() })) });

/** What restore points' names begin with. */
const PREFIX = "restore-";
const PAUSE_MS = 250;
const PATIENCE_MS = 60_000;

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
  const branches = async () =>
    (await api.call("GET", `/projects/${id}/branches?limit=1000`, Branches)).branches;
  const own = (await branches()).find(({ name }) => name === stack);
  if (own === undefined) return undefined;

  /** Neon refuses every change (423) until it has ended what it does to a project. */
  const settled = async () => {
    const started = performance.now();
    for (;;) {
      const { operations } = await api.call("GET", `/projects/${id}/operations?limit=20`, Operations);
      const busy = operations.some(({ status }) => ["running", "scheduling", "cancelling"].includes(status));
      if (!busy || performance.now() - started > PATIENCE_MS) return;
      await delay(PAUSE_MS);
    }
  };
  const pointOf = ({ id: branch, name, created_at }: z.infer<typeof Branch>): RestorePoint => ({
    id: branch,
    name,
    createdAt: created_at,
  });
  return {
    async keep(name, until) {
      await settled();
      const branch = { name: `${PREFIX}${name}`, parent_id: own.id, expires_at: until.toISOString() };
      return pointOf((await api.call("POST", `/projects/${id}/branches`, Made, { branch })).branch);
    },
    restorePoints: async () =>
      (await branches())
        // By the stack's name: a restored branch hands its children to the one that keeps what it was.
        .filter(({ name }) => name.startsWith(`${PREFIX}${stack}-`))
        .map(pointOf)
        .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)),
    async drop(branch) {
      await settled();
      await api.call("DELETE", `/projects/${id}/branches/${branch}`, z.unknown());
    },
    async restore(branch, keepAs) {
      await settled();
      await api.call("POST", `/projects/${id}/branches/${own.id}/restore`, z.unknown(), {
        source_branch_id: branch,
        preserve_under_name: keepAs,
      });
      await settled();
    },
  };
}
