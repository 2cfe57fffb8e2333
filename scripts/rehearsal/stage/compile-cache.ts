import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * The variables that let child processes keep what Node has compiled, and find what those of another world have: the cache is
 * led to by a link in the world's own folder, since Node knows a file of a portable cache by its path from there.
 *
 * @param dir a folder that goes with the world, beside its checkout
 */
export function sharedCompileCache(dir: string): Record<string, string> {
  const link = join(dir, "compiled");
  const shared = process.env.NODE_COMPILE_CACHE;
  mkdirSync(dir, { recursive: true });
  try {
    if (shared) symlinkSync(shared, link);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return { NODE_COMPILE_CACHE: link, NODE_COMPILE_CACHE_PORTABLE: "1" };
}
