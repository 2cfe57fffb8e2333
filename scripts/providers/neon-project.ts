import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { ProviderRefusal, type RestApi } from "./rest.ts";

const Branch = z.object({ id: z.string(), name: z.string(), created_at: z.string() });
export type NeonBranch = z.infer<typeof Branch>;
const Branches = z.object({ branches: z.array(Branch) });
const Made = z.object({ branch: Branch });
const Operations = z.object({ operations: z.array(z.object({ status: z.string() })) });

const PAUSE_MS = 250;
const PATIENCE_MS = 60_000;

/** The branches of one project at Neon. Changes wait until Neon has ended what it does to the project, for a minute. */
export interface NeonProject {
  branches(): Promise<NeonBranch[]>;
  /**
   * @param until when Neon deletes the branch by itself
   * @param compute whether one can connect to it; a branch that only keeps data needs none
   */
  add(branch: { name: string; parent: string; until: Date; compute: boolean }): Promise<NeonBranch>;
  keepUntil(id: string, until: Date): Promise<void>;
  remove(id: string): Promise<void>;
  /** Puts a branch's data back to what another one has; what they are until then is kept as a branch of this name. */
  restore(id: string, from: string, keepAs: string): Promise<void>;
}

/** @param id the project's id, which a key that is limited to one project can't look up by its name */
export function neonProject(api: RestApi, id: string): NeonProject {
  const settled = async () => {
    const started = performance.now();
    for (;;) {
      const { operations } = await api.call("GET", `/projects/${id}/operations?limit=20`, Operations);
      const busy = operations.some(({ status }) => ["running", "scheduling", "cancelling"].includes(status));
      if (!busy || performance.now() - started > PATIENCE_MS) return;
      await delay(PAUSE_MS);
    }
  };
  /** Neon refuses every change (423) while it works on a project, and another run may have begun in between. */
  const whenSettled = async <T>(change: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    for (;;) {
      await settled();
      try {
        return await change();
      } catch (error) {
        const isBusy = error instanceof ProviderRefusal && error.status === 423;
        if (!isBusy || performance.now() - started > PATIENCE_MS) throw error;
        await delay(PAUSE_MS);
      }
    }
  };
  return {
    branches: async () => (await api.call("GET", `/projects/${id}/branches?limit=1000`, Branches)).branches,
    add: ({ name, parent, until, compute }) =>
      whenSettled(async () => {
        const made = await api.call("POST", `/projects/${id}/branches`, Made, {
          branch: { name, parent_id: parent, expires_at: inSeconds(until) },
          ...(compute ? { endpoints: [{ type: "read_write" }] } : {}),
        });
        return made.branch;
      }),
    keepUntil: (branch, until) =>
      whenSettled(async () => {
        await api.call("PATCH", `/projects/${id}/branches/${branch}`, z.unknown(), {
          branch: { expires_at: inSeconds(until) },
        });
      }),
    remove: (branch) =>
      whenSettled(async () => {
        await api.call("DELETE", `/projects/${id}/branches/${branch}`, z.unknown());
      }),
    async restore(branch, from, keepAs) {
      await whenSettled(() =>
        api.call("POST", `/projects/${id}/branches/${branch}/restore`, z.unknown(), {
          source_branch_id: from,
          preserve_under_name: keepAs,
        }),
      );
      await settled();
    },
  };
}

/** Neon takes no fraction of a second. */
function inSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
