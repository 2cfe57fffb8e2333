import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uuid } from "./ids.ts";

/** File contents by their SHA-256, one file each: modules of Workers, assets of Pages. */
export interface Blobs {
  put(content: Uint8Array): string;
  get(digest: string): Buffer;
}

/** Opens the folder. A blob is written beside its place and renamed, so that a kill never leaves half of one. */
export function openBlobs(folder: string): Blobs {
  mkdirSync(folder, { recursive: true });
  return {
    put(content) {
      const digest = createHash("sha256").update(content).digest("hex");
      const path = join(folder, digest);
      if (!existsSync(path)) {
        const temporary = `${path}.${uuid()}`;
        writeFileSync(temporary, content);
        renameSync(temporary, path);
      }
      return digest;
    },
    get: (digest) => readFileSync(join(folder, digest)),
  };
}
