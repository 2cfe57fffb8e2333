import { z } from "zod";
import type { WorkerSource } from "./parts.ts";

/** Durable Object migrations as far as they delete: https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/ */
const Migrations = z
  .array(z.looseObject({ tag: z.string(), deleted_classes: z.array(z.string()).default([]) }))
  .catch([]);

/**
 * The Durable Object classes that the next deployment of a Worker would delete, with all that their objects hold.
 *
 * @param appliedTag the migration that the live script is at; undefined where it has had none
 */
export function classDeletions({ config }: WorkerSource, appliedTag: string | undefined): string[] {
  const migrations = Migrations.parse(config.migrations ?? []);
  const applied = migrations.findIndex(({ tag }) => tag === appliedTag);
  return migrations.slice(applied + 1).flatMap(({ deleted_classes }) => deleted_classes);
}

/** Whether any of a Worker's migrations deletes a class: only then it matters which are applied. */
export function everDeletesClasses(worker: WorkerSource): boolean {
  return classDeletions(worker, undefined).length > 0;
}
