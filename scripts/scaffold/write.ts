import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The files of a new part, by their path in the repository. */
export type Files = Readonly<Record<string, string>>;

/** Writes new files and gives their paths. Overwrites none. */
export function writeNew(root: string, files: Files): string[] {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { flag: "wx" });
  }
  return Object.keys(files);
}

/** Changes a file that is there. */
export function replaceIn(root: string, path: string, change: (text: string) => string): void {
  const file = join(root, path);
  writeFileSync(file, change(readFileSync(file, "utf8")));
}
