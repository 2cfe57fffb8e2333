import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Github } from "../github/client.ts";
import {
  createDeployment,
  deleteDeployment,
  listDeployments,
  setDeploymentStatus,
} from "../github/deployment.ts";
import { type OpenUpdate, UpdateRecord, type UpdateRecords } from "./update-record.ts";

/** Tells these records from releases and from the deployments that Actions makes for a job with an environment. */
const TASK = "update";
/** More than one is open only where several updates were killed one after the other. */
const MOST = 20;

/**
 * Updates as GitHub Deployments of the stack's environment with the task `update`, their record as the payload. One that has
 * ended in order is deleted again, so that the page *Deployments* shows releases, and the one update that is under way.
 */
export function githubUpdates(github: Github): UpdateRecords {
  const list = (stack: string) =>
    listDeployments(github, stack, { limit: MOST, payload: UpdateRecord, task: TASK });
  return {
    async open(stack) {
      const listed = await list(stack);
      return listed.flatMap(({ id, payload, state }) =>
        state === "inactive" || state === "success"
          ? []
          : [{ key: String(id), record: payload, failed: state === "failure" }],
      );
    },
    async begin(record) {
      const { id } = await createDeployment(github, {
        ref: record.sha,
        environment: record.stack,
        task: TASK,
        description: `Update of ${record.stack} is under way`,
        payload: record,
      });
      return String(id);
    },
    fail: (key) =>
      setDeploymentStatus(github, Number(key), {
        state: "failure",
        description: "The update did not end in order; the next one mends what it left",
      }),
    async close(key) {
      // GitHub deletes only what is inactive (https://docs.github.com/rest/deployments/deployments#delete-a-deployment).
      await setDeploymentStatus(github, Number(key), { state: "inactive" });
      await deleteDeployment(github, Number(key));
    },
    async tidy(stack) {
      const closed = (await list(stack)).filter(({ state }) => state === "inactive");
      await Promise.all(closed.map(({ id }) => deleteDeployment(github, id)));
    },
  };
}

/** Updates as files `<folder>/<stack>/<id>.json`, for whoever works without GitHub. */
export function fileUpdates(folder: string): UpdateRecords {
  const File = z.object({ record: UpdateRecord, failed: z.boolean() });
  const read = (file: string): z.infer<typeof File> | undefined => {
    try {
      return File.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch {
      // Cut off by a crash: whatever it was, the stack is to be looked at, and the file says no more than that.
      return undefined;
    }
  };
  const write = (file: string, content: z.infer<typeof File>) => {
    writeFileSync(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
    renameSync(`${file}.new`, file);
  };
  return {
    async open(stack) {
      const dir = join(folder, stack);
      if (!existsSync(dir)) return [];
      const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
      return files
        .flatMap((name): OpenUpdate[] => {
          const key = join(dir, name);
          const content = read(key);
          return content ? [{ key, ...content }] : [];
        })
        .sort((a, b) => b.record.startedAt.localeCompare(a.record.startedAt));
    },
    async begin(record) {
      const dir = join(folder, record.stack);
      mkdirSync(dir, { recursive: true });
      const file = join(dir, `${randomUUID()}.json`);
      write(file, { record, failed: false });
      return file;
    },
    async fail(key) {
      const content = read(key);
      if (content) write(key, { ...content, failed: true });
    },
    async close(key) {
      rmSync(key, { force: true });
    },
    tidy: async () => undefined,
  };
}
