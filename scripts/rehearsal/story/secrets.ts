import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Scene } from "./scene.ts";

/**
 * Who was told a secret may remember it: the clouds their own tokens, ESC its values, Cloudflare the secrets of its Workers,
 * Hetzner the user-data of its servers. GitHub was told none.
 */
const VAULT = /^world\/(tokens\.json|esc|cloudflare|hetzner)/;

export const secrets: Scene = {
  name: "secrets",
  title: "No secret is anywhere",
  tells:
    "Every secret of this world was planted to be found. Now every file that the rehearsal left is searched for each of them, in plain text and in its usual disguises: logs, summaries, comments, plans, state, releases, report.",
  async play(stage, notes) {
    const files = listFiles(stage.dir).filter((file) => !VAULT.test(relative(stage.dir, file)));
    const found: string[] = [];
    for (const file of files) {
      const content = readFileSync(file).toString("latin1");
      for (const [name, value] of Object.entries(stage.canaries)) {
        if (disguises(value).some((form) => content.includes(form)))
          found.push(`${name} in ${relative(stage.dir, file)}`);
      }
    }
    notes.expect(
      `None of ${Object.keys(stage.canaries).length} planted secrets is in any of ${files.length} files`,
      found.length === 0,
      found,
    );
  },
};

function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ".git" || entry.name === "node_modules" || entry.name === "compile-cache") return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

function disguises(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64");
  // A secret inside a longer base64 text starts at one of three offsets; its middle is the same at each.
  const middles = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset, 0x20), Buffer.from(value)])
      .toString("base64")
      .slice(4, -4),
  );
  const longest = value.split("\n").toSorted((a, b) => b.length - a.length)[0] ?? value;
  return [
    ...new Set([longest, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), base64, ...middles]),
  ].filter((form) => form.length >= 12);
}
