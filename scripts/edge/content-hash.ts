import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const IGNORED = new Set(["node_modules", ".wrangler", "test", "coverage"]);
const IGNORED_FILES = /(^\.DS_Store$|\.test\.ts$|^README\.md$|^vitest\.config\.ts$|^\.dev\.vars)/;

/** SHA-256 (hex) over the content that a deployment is made of; equal hashes need no deployment. */
export function contentHash(parts: { dir: string; also?: readonly (string | Buffer)[] }): string {
  const hash = createHash("sha256");
  for (const file of listFiles(parts.dir)) {
    hash.update(`${relative(parts.dir, file).split(sep).join("/")}\0`);
    hash.update(createHash("sha256").update(readFileSync(file)).digest());
  }
  for (const extra of parts.also ?? []) hash.update("\0").update(extra);
  return hash.digest("hex");
}

/** Every file below a folder that can be part of a deployment (no tests, no tool output), in a stable order. */
export function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !(entry.isDirectory() ? IGNORED : new Set<string>()).has(entry.name))
    .filter((entry) => entry.isDirectory() || !IGNORED_FILES.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    });
}
