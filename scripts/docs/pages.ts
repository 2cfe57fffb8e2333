import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Page, readPage } from "./markdown.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** Every page of the documentation, by its path in the repository. */
export function readPages(): Map<string, Page> {
  const files = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    ...markdownBelow("docs"),
    ...markdownBelow("workers"),
  ];
  return new Map(files.map((file) => [file, readPage(readFileSync(join(ROOT, file), "utf8"))]));
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".md") && !/node_modules|\.wrangler/.test(file))
    .sort();
}
