import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { homeOf } from "../../stack/stacks.ts";
import type { Check } from "../check.ts";

const Lock = z.object({ username: z.string(), hostname: z.string(), timestamp: z.string() });

/** A job of the workflows is over by then, whatever became of it. */
const STALE_MS = 60 * 60_000;

/** With a bucket or Pulumi Cloud the lock itself can't be seen from here; the update that left it can, {@link file://./open-updates.ts}. */
export const locks: Check = {
  name: "locks",
  about: "Locks that a killed job has left (where the state is in a folder)",
  async look({ context, project }) {
    const backend = context.env.PULUMI_BACKEND_URL ?? "";
    if (!backend.startsWith("file://")) return [];
    const folder = join(fileURLToPath(backend), ".pulumi", "locks");
    return list(folder).flatMap((path) => {
      const stack = project.stacks.find((name) =>
        path.includes(`/${homeOf(project, name).project}/${name}/`),
      );
      const lock = Lock.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
      const age = context.now().getTime() - Date.parse(lock?.timestamp ?? statSync(path).mtime.toISOString());
      if (!stack || age < STALE_MS) return [];
      return [
        {
          level: "wrong" as const,
          text: `${stack} is locked by ${lock?.username ?? "somebody"} on ${lock?.hostname ?? "a machine"} since ${lock?.timestamp ?? "long"}.`,
          fix: "See that no job runs, then break it: docs/playbook.md, “A stack is locked”.",
        },
      ];
    });
  },
};

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".json"))
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}
