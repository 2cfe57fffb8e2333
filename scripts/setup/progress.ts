import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

/** Below the repository's root; git leaves it alone. */
export const PROGRESS_FILE = join(".setup", "progress.json");

const File = z.object({
  schema: z.literal(1),
  answers: z.record(z.string(), z.string()),
});

/** What the set-up remembers from one run to the next: answers that are no secrets. What is done, it sees for itself. */
export interface Progress {
  readonly answers: Readonly<Record<string, string>>;
  answer(name: string, value: string): void;
}

/** @param kept whether answers are written down at all; `--check` changes nothing */
export function openProgress(root: string, kept: boolean): Progress {
  const path = join(root, PROGRESS_FILE);
  const answers: Record<string, string> = { ...read(path) };
  return {
    answers,
    answer(name, value) {
      answers[name] = value;
      if (!kept) return;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, `${JSON.stringify({ schema: 1, answers }, undefined, 2)}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): Record<string, string> {
  try {
    return File.parse(JSON.parse(readFileSync(path, "utf8"))).answers;
  } catch {
    return {};
  }
}
