import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, parseDocument } from "yaml";
import { homeOf, stackFile, stackSetting } from "../stack/stacks.ts";
import { EXAMPLE } from "../template.ts";
import type { Bench } from "./bench.ts";

/** What an earlier run, or the owner, has put into the first stack's file; undefined where the example's value still stands. */
export function ownSetting(bench: Bench, key: "domain" | "image" | "accountId"): string | undefined {
  const [stack] = bench.project.stacks;
  const value = stack === undefined ? undefined : stackSetting(bench.project, stack, key);
  return value === undefined || value === EXAMPLE[key] ? undefined : value;
}

/** Another value of the first stack's file, once the file is the owner's: it has his domain. */
export function chosenSetting(bench: Bench, key: string): string | undefined {
  const [stack] = bench.project.stacks;
  if (stack === undefined || ownSetting(bench, "accountId") === undefined) return undefined;
  const value = openStackFile(bench, stack).get(key);
  return Array.isArray(value) ? value.join(",") : typeof value === "string" ? value : undefined;
}

/** A stack's file, with its comments. */
export interface StackFile {
  /** Relative to the repository. */
  name: string;
  get(key: string): unknown;
  set(key: string, value: string | string[]): void;
  save(): void;
}

export function openStackFile(bench: Bench, stack: string): StackFile {
  const name = stackFile(bench.project, stack);
  const path = join(bench.context.root, name);
  const document: Document = parseDocument(readFileSync(path, "utf8"));
  const at = (key: string) => ["config", `${homeOf(bench.project, stack).project}:${key}`];
  return {
    name,
    get: (key) => {
      const value: unknown = document.getIn(at(key));
      return typeof value === "object" &&
        value !== null &&
        "toJSON" in value &&
        typeof value.toJSON === "function"
        ? (value.toJSON() as unknown)
        : value;
    },
    set(key, value) {
      document.setIn(at(key), document.createNode(value));
    },
    save: () => writeFileSync(path, document.toString({ lineWidth: 0 })),
  };
}
