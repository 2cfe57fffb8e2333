import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What of a PULUMI_HOME is the person's: engines and plugins. */
const LINKED = ["versions", "plugins"];

/**
 * A PULUMI_HOME for the engines of one world, with the person's engines and plugins in it. An engine leaves a log of each of its
 * commands there and looks at all that are left whenever it starts; a person's own would be among hundreds of a rehearsal's.
 *
 * @param dir a folder that goes with the world
 */
export function ownEngineHome(dir: string): string {
  const home = join(dir, "engine");
  mkdirSync(home, { recursive: true });
  const theirs = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  for (const folder of LINKED) linkFolder(folder, theirs, home);
  return home;
}

/** Leads from `own` to a folder that is in `theirs`, where it is there. Several processes may do so at once. */
export function linkFolder(folder: string, theirs: string, own: string): void {
  const [target, path] = [join(theirs, folder), join(own, folder)];
  if (!existsSync(target) || existsSync(path)) return;
  try {
    symlinkSync(target, path, "dir");
  } catch (error) {
    // Another process was quicker.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
