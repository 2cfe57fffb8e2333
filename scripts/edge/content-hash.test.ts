import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentHash, listFiles } from "./content-hash.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "content-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

let folders = 0;
function tree(files: readonly (readonly [string, string])[]): string {
  const root = join(dir, String(folders++));
  mkdirSync(root);
  for (const [name, content] of files) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const name = fc.stringMatching(/^[a-d]{1,2}(\/[e-h]{1,2})?\.[xy]$/);
const files = fc.uniqueArray(fc.tuple(name, fc.string({ maxLength: 4 })), {
  selector: ([file]) => file,
  maxLength: 5,
});

test("The hash is of names and contents alone, in whatever order and folder they were written", () => {
  fc.assert(
    fc.property(files, fc.nat(), (list, seed) => {
      const shuffled = list.toSorted(([a], [b]) => ((a.length * seed) % 7) - ((b.length * seed) % 7));
      expect(contentHash({ dir: tree(shuffled) })).toBe(contentHash({ dir: tree(list) }));
    }),
    { numRuns: 30 },
  );
});

test("Two trees with one hash are the same tree", () => {
  const text = (list: [string, string][]) => JSON.stringify(list.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(files, files, (one, two) => {
      expect(contentHash({ dir: tree(one) }) === contentHash({ dir: tree(two) })).toBe(
        text(one) === text(two),
      );
    }),
    { numRuns: 40 },
  );
});

test("What goes in besides the files counts, and can't be moved from one text into the next", () => {
  const root = tree([["index.ts", "1"]]);
  const hashes = [[], ["a"], ["a", "b"], ["ab"], ["a\0b"], ["b", "a"]].map((also) =>
    contentHash({ dir: root, also }),
  );
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("Tests, secrets for development and tools' leavings are no part of a deployment", () => {
  const root = tree([
    ["index.ts", ""],
    [".well-known/security.txt", ""],
    ["src/latest.ts", ""],
    ["src/index.test.ts", ""],
    ["test/setup.ts", ""],
    [".dev.vars", "KEY=1"],
    [".dev.vars.staging", "KEY=1"],
    [".wrangler/tmp/x.js", ""],
    ["node_modules/a/index.js", ""],
    ["README.md", ""],
    [".DS_Store", ""],
  ]);
  expect(listFiles(root).map((file) => file.slice(root.length + 1))).toEqual([
    ".well-known/security.txt",
    "index.ts",
    "src/latest.ts",
  ]);
});
