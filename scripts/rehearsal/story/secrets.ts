import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { searchFor } from "../stage/search-for.ts";
import type { Scene } from "./scene.ts";

/**
 * Who was told a secret may remember it: the clouds their own tokens, ESC its values, Cloudflare the secrets of its Workers,
 * Hetzner the user-data of its servers. GitHub keeps what it is told sealed; the tokens of its own people it knows. The
 * engine keeps the token of a person who has logged in, in that person's home.
 */
const VAULT = /^world\/(tokens\.json|esc|cloudflare|hetzner)/;
const knowsItself = (name: string, file: string) =>
  (name.startsWith("GITHUB_TOKEN_OF_") && file.startsWith("world/github.sqlite")) ||
  (name === "PULUMI_ADMIN_TOKEN" && file === "engine/credentials.json");

export const secrets: Scene = {
  name: "secrets",
  title: "No secret is anywhere",
  tells:
    "Every secret of this world was planted to be found. Now every file that the rehearsal left is searched for each of them, in plain text and in its usual disguises: logs, summaries, comments, plans, state, releases, report.",
  async play(stage, notes, memory) {
    const secretsIn = searchFor(stage.canaries);
    const all = listFiles(stage.dir);
    const found: string[] = [];
    let searched = 0;
    for (const file of all.filter((each) => !VAULT.test(relative(stage.dir, each)))) {
      const text = readIfThere(file);
      if (text === undefined) continue;
      searched += 1;
      const place = relative(stage.dir, file);
      for (const name of secretsIn(text)) if (!knowsItself(name, place)) found.push(`${name} in ${place}`);
    }
    // The report is made of the files above and of this.
    for (const name of secretsIn(JSON.stringify(memory.played))) found.push(`${name} in the report`);
    const known = secretsIn(readFileSync(join(stage.dir, "world", "tokens.json"), "latin1"));
    notes.expect(
      "The search finds a secret where it belongs, in the clouds' own memory",
      known.includes("HCLOUD_TOKEN") && known.includes("CLOUDFLARE_API_TOKEN"),
      "nothing",
    );
    notes.expect(
      `None of ${Object.keys(stage.canaries).length} planted secrets is in any of ${searched} files`,
      found.length === 0,
      found,
    );
  },
};

/** The clouds go on living: what a database keeps beside its file is gone again when it is let go. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ".git" || entry.name === "node_modules" || entry.name === "compile-cache") return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}
