import { ApiError } from "../../envelope.ts";
import { hexId } from "../../ids.ts";
import type { Script } from "../../model.ts";
import type { Migrations } from "./upload.ts";

/**
 * Applies Durable Object migrations to a script's classes
 * (https://developers.cloudflare.com/durable-objects/reference/durable-objects-migrations/).
 * @throws ApiError 412 (10079) when the script is not at `old_tag`
 */
export function migrated(script: Script, migrations: Migrations): Pick<Script, "classes" | "migrationTag"> {
  if (migrations.old_tag != null && migrations.old_tag !== script.migrationTag)
    throw new ApiError(
      412,
      10079,
      `Actor migration tag precondition failed; expected tag '${migrations.old_tag}', got '${script.migrationTag ?? ""}'.`,
    );
  const classes = { ...script.classes };
  const existing = (name: string) => {
    const found = classes[name];
    if (!found) throw new ApiError(400, 10069, `Cannot apply migration to non-existent class '${name}'.`);
    return found;
  };
  const add = (name: string, sqlite: boolean) => {
    if (classes[name])
      throw new ApiError(
        400,
        10074,
        `Cannot apply new-class migration to class '${name}' that is already depended on by existing Durable Objects.`,
      );
    classes[name] = { namespaceId: hexId(), sqlite };
  };
  for (const step of migrations.steps ?? [migrations]) {
    for (const name of step.new_classes ?? []) add(name, false);
    for (const name of step.new_sqlite_classes ?? []) add(name, true);
    for (const { from, to } of step.renamed_classes ?? []) {
      classes[to] = existing(from);
      delete classes[from];
    }
    for (const name of step.deleted_classes ?? []) {
      existing(name);
      delete classes[name];
    }
  }
  const tag = migrations.new_tag ?? script.migrationTag;
  return { classes, ...(tag ? { migrationTag: tag } : {}) };
}
