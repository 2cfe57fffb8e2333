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
  for (const folder of LINKED) {
    const theirs = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), folder);
    const link = join(home, folder);
    if (existsSync(theirs) && !existsSync(link)) symlinkSync(theirs, link);
  }
  return home;
}
