import { copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { execaSync } from "execa";
import { asTemplate } from "./as-template.ts";
import { rehearsedOf } from "./rehearsed.ts";

/**
 * Copies what is rehearsed of the working tree (what git tracks and what it does not ignore), with the names and settings of
 * the template.
 *
 * @param isWanted leaves files out, which are named relative to the repository
 */
export function copyTemplate(
  root: string,
  dir: string,
  isWanted: (file: string) => boolean = () => true,
): void {
  const { stdout } = execaSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  // A name that ends with a slash is a repository of its own, which is no part of this one.
  const files = stdout.split("\0").filter((name) => name !== "" && !name.endsWith("/"));
  const folders = new Set<string>();
  for (const file of rehearsedOf(files).filter(isWanted)) {
    const from = join(root, file);
    const to = join(dir, file);
    const kind = lstatSync(from, { throwIfNoEntry: false });
    if (!kind) continue;
    const folder = dirname(to);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
    if (kind.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to);
  }
  asTemplate(dir);
}
