import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { Home } from "./stacks.ts";

/**
 * The Worker of another project, relative to the repository, that would be the same script at Cloudflare on some stack or as
 * a pull request's preview: scripts are called `<worker>-<stack>`, and all projects share the account. Undefined where none is.
 */
export function sameScript(
  { root, homes }: { root: string; homes: readonly Home[] },
  home: Home,
  worker: string,
): string | undefined {
  // The stack's part behind the project's prefix is the same word for both: `dev`, `prod`, `pr-12`.
  const script = `${worker}-${home.prefix}`;
  for (const other of homes.filter((each) => each !== home)) {
    const same = workersOf(other).find((each) => `${each}-${other.prefix}` === script);
    if (same !== undefined) return relative(root, join(other.dir, "workers", same));
  }
  return undefined;
}

/** The names of a project's Workers, by their folders. */
export function workersOf({ dir }: Home): string[] {
  const folder = join(dir, "workers");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "wrangler.jsonc")));
}
