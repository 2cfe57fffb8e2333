import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Scene } from "./scene.ts";

/**
 * Who was told a secret may remember it: the clouds their own tokens, ESC its values, Cloudflare the secrets of its Workers,
 * Hetzner the user-data of its servers. GitHub keeps what it is told sealed; the tokens of its own people it knows.
 */
const VAULT = /^world\/(tokens\.json|esc|cloudflare|hetzner)/;
const knowsItself = (name: string, file: string) =>
  name.startsWith("GITHUB_TOKEN_OF_") && file.startsWith("world/github.sqlite");

export const secrets: Scene = {
  name: "secrets",
  title: "No secret is anywhere",
  tells:
    "Every secret of this world was planted to be found. Now every file that the rehearsal left is searched for each of them, in plain text and in its usual disguises: logs, summaries, comments, plans, state, releases, report.",
  async play(stage, notes, memory) {
    const all = listFiles(stage.dir);
    const found: string[] = [];
    let searched = 0;
    for (const file of all.filter((each) => !VAULT.test(relative(stage.dir, each)))) {
      const text = readIfThere(file);
      if (text === undefined) continue;
      searched += 1;
      const content = joined(text);
      for (const [name, value] of Object.entries(stage.canaries)) {
        const place = relative(stage.dir, file);
        if (holds(content, value) && !knowsItself(name, place)) found.push(`${name} in ${place}`);
      }
    }
    // The report is made of the files above and of this.
    const report = JSON.stringify(memory.played);
    for (const [name, value] of Object.entries(stage.canaries)) {
      if (holds(report, value)) found.push(`${name} in the report`);
    }
    const known = readFileSync(join(stage.dir, "world", "tokens.json"), "latin1");
    notes.expect(
      "The search finds a secret where it belongs, in the clouds' own memory",
      holds(known, stage.canaries.HCLOUD_TOKEN ?? "") &&
        holds(known, stage.canaries.CLOUDFLARE_API_TOKEN ?? ""),
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

function holds(content: string, secret: string): boolean {
  return disguises(secret).some((form) => content.includes(form));
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ".git" || entry.name === "node_modules" || entry.name === "compile-cache") return [];
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * The content once as it is and once without what a text is split by: line ends, with the marks that a log puts at the start of a
 * line, and `\\n` in JSON.
 */
function joined(content: string): string {
  return `${content}\0${content.replaceAll(/(?:\r?\n|\\r|\\n)[ \t|>+-]*/g, "")}`;
}

function disguises(value: string): string[] {
  const bytes = Buffer.from(value);
  // A secret inside a longer base64 text starts at one of three offsets; its middle is the same at each.
  const middles = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset, 0x20), bytes]);
    return [padded.toString("base64"), padded.toString("base64url")].map((text) => text.slice(4, -4));
  });
  const longest = value.split("\n").toSorted((a, b) => b.length - a.length)[0] ?? value;
  const json = JSON.stringify(value).slice(1, -1);
  const hex = bytes.toString("hex");
  return [
    ...new Set([
      longest,
      value.replaceAll(/\r?\n/g, ""),
      json,
      // A text in JSON that is a field of JSON again.
      JSON.stringify(json).slice(1, -1),
      encodeURIComponent(value),
      new URLSearchParams([["", value]]).toString().slice(1),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      ...middles,
      hex,
      hex.toUpperCase(),
    ]),
  ].filter((form) => form.length >= 12);
}
