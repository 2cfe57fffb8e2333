import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Pair = z.object({ write: z.string(), read: z.string() });

/** The tokens of a world, each in its provider's own form. */
export const Tokens = z.object({
  hetzner: Pair,
  cloudflare: Pair,
  /** For the second Cloudflare account, which holds previews. */
  cloudflarePreviews: z.string(),
  github: z.string(),
  esc: z.string(),
  neon: z.string(),
  doppler: z.string(),
});
export type Tokens = z.infer<typeof Tokens>;

const File = Tokens.partial();

/** The tokens that the world keeps in `<world>/tokens.json`; what is not there yet is made, at random. */
export function tokensOf(world: string): Tokens {
  const path = join(world, "tokens.json");
  const kept = readJson(path, File) ?? {};
  const tokens: Tokens = {
    hetzner: { write: letters(64), read: letters(64) },
    cloudflare: { write: letters(40), read: letters(40) },
    cloudflarePreviews: letters(40),
    github: `ghs_${letters(36)}`,
    esc: `pul-${randomBytes(20).toString("hex")}`,
    neon: `napi_${letters(64).toLowerCase()}`,
    doppler: `dp.pt.${letters(43)}`,
    ...kept,
  };
  writeJson(path, tokens);
  return tokens;
}

/** The content of a file of the world; undefined when it is not there or not whole. */
export function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** Writes a file of the world, whole or not at all, for its owner only. */
export function writeJson(path: string, content: unknown): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function letters(length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  let text = "";
  while (text.length < length)
    for (const byte of randomBytes(length)) {
      // Bytes over the largest multiple are left out, so that all letters are equally likely.
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
    }
  return text;
}
