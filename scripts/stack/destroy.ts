import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { parseDocument } from "yaml";
import { applyStack } from "./apply.ts";
import { openStack } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import type { StackTarget } from "./target.ts";

export interface Destroyed {
  /** How many resources were deleted. */
  deleted: number;
  seconds: number;
}

export interface DestroyOptions {
  onProgress?: (done: number, name: string) => void;
  signal?: AbortSignal;
}

/**
 * Deletes everything that a stack is made of, and the stack's state. What refuses to be deleted (`protect`) is told first, by
 * an update, that it may be: the provider has a protection of its own beside the engine's.
 *
 * @throws UserError as {@link engineFailure} makes it; what is deleted stays deleted, and the same call goes on
 */
export async function destroyStack(target: StackTarget, options: DestroyOptions = {}): Promise<Destroyed> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "unprotected-"));
  try {
    const open = await unprotected(target, folder, options);
    const stack = await openStack(open);
    const events: EngineEvent[] = [];
    let deleted = 0;
    try {
      await stack.destroy({
        signal: options.signal,
        onEvent(event) {
          events.push(event);
          const step = event.resOutputsEvent?.metadata;
          if (step?.op === "delete") options.onProgress?.(++deleted, step.urn.split("::").at(-1) ?? step.urn);
        },
      });
      await stack.workspace.removeStack(target.name);
    } catch (error) {
      throw engineFailure("apply", target.name, events, error, options.signal);
    }
    return { deleted, seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same stack with settings in which nothing is protected; applied where the stack's own settings protect. */
async function unprotected(
  target: StackTarget,
  folder: string,
  { signal }: DestroyOptions,
): Promise<StackTarget> {
  const name = `Pulumi.${target.name}.yaml`;
  const document = parseDocument(readFileSync(join(target.infraDir, name), "utf8"));
  const key = ["config", `${target.project}:protect`];
  if (document.getIn(key) !== "true") return target;
  document.setIn(key, "false");
  cpSync(join(target.infraDir, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  writeFileSync(join(folder, name), document.toString());
  const open = { ...target, infraDir: folder };
  await applyStack(open, { message: "Let what is protected be deleted", signal });
  return open;
}
