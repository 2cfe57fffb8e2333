import { rmSync, unlinkSync } from "node:fs";
import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { runEngine } from "./engine.ts";
import { engineFailure } from "./failure.ts";
import type { StateLock } from "./lock.ts";
import type { StackTarget } from "./target.ts";

/**
 * Takes locks away whose owners are known to be gone. In a folder exactly these files; everywhere else by the engine's own
 * `cancel`, which takes every lock of the stack away and does not ask whose it is.
 *
 * @throws UserError as {@link engineFailure} makes it
 */
export async function breakLocks(target: StackTarget, locks: readonly StateLock[]): Promise<void> {
  const folder = stateFolder(target);
  const files = folder === undefined ? [] : locks.flatMap(({ url }) => fileIn(folder, url) ?? []);
  if (locks.length > 0 && files.length === locks.length) {
    for (const file of files) {
      unlinkSync(file);
      // What the engine's storage writes down beside each of its files.
      rmSync(`${file}.attrs`, { force: true });
    }
    return;
  }
  try {
    await runEngine(target, ["cancel", "--yes", "--stack", target.name]);
  } catch (error) {
    throw engineFailure("open", target.name, [], error);
  }
}

function stateFolder({ engineEnv }: StackTarget): string | undefined {
  const url = engineEnv.PULUMI_BACKEND_URL ?? "";
  if (!url.startsWith("file:///")) return undefined;
  return fileURLToPath(url.replace(/\?.*$/, ""));
}

/** The lock's file, where it is one of this very folder. */
function fileIn(folder: string, url: string): string | undefined {
  if (!url.startsWith("file:///")) return undefined;
  const file = resolve(fileURLToPath(url.replace(/\?.*$/, "")));
  return file.startsWith(resolve(folder, ".pulumi", "locks") + sep) ? file : undefined;
}
