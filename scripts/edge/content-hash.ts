import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** `django` and `load` are the receiving side and the load test, which stand beside a Worker and do not go with it. */
const IGNORED_FOLDERS = /^(node_modules|\.wrangler|test|coverage|django|load)$/;
const IGNORED_FILES = /(^\.DS_Store$|\.test\.ts$|^README\.md$|^vitest\.config\.ts$|^\.dev\.vars)/;

/**
 * SHA-256 (hex) over the content that a deployment is made of; equal hashes need no deployment.
 *
 * Names and contents go in as hashes of one length, so that no two contents look the same put together.
 */
export function contentHash(parts: {
  dir: string;
  /** Folders at the top of `dir` that are made from the rest. */
  without?: readonly string[];
  also?: readonly (string | Buffer)[];
}): string {
  const hash = createHash("sha256");
  const made = parts.without?.map((name) => join(parts.dir, name) + sep) ?? [];
  for (const file of listFiles(parts.dir)) {
    if (made.some((folder) => file.startsWith(folder))) continue;
    hash.update(sha256(relative(parts.dir, file).split(sep).join("/")));
    hash.update(sha256(readFileSync(file)));
  }
  for (const extra of parts.also ?? []) hash.update(sha256("also")).update(sha256(extra));
  return hash.digest("hex");
}

function sha256(content: string | Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}

/** Every file below a folder that can be part of a deployment (no tests, no tool output), in a stable order. */
export function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !(entry.isDirectory() ? IGNORED_FOLDERS : IGNORED_FILES).test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    });
}
