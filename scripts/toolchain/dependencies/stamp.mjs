import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What node_modules should be: the lock file, and the platform, because a folder that was copied from another machine
 * holds other binaries.
 *
 * @param {string} root the repository
 */
export function wantedStamp(root) {
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  return `${hash} ${process.platform}-${process.arch}`;
}

/** @param {string} root */
export function dependenciesInPlace(root) {
  try {
    return readFileSync(stampFile(root), "utf8") === wantedStamp(root);
  } catch {
    return false;
  }
}

/**
 * Written last, whole: a folder with this stamp was installed to the end.
 *
 * @param {string} root
 */
export function stampDependencies(root) {
  const draft = `${stampFile(root)}.${process.pid}`;
  writeFileSync(draft, wantedStamp(root));
  renameSync(draft, stampFile(root));
}

/** npm removes everything in node_modules before it installs, so the stamp goes with what it speaks of. @param {string} root */
function stampFile(root) {
  return join(root, "node_modules", ".quayside-stamp");
}
