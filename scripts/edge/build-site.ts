import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { UserError } from "../errors.ts";
import { inherited } from "../secrets/inherited.ts";
import { redact } from "../secrets/redaction.ts";
import { contentHash } from "./content-hash.ts";
import type { SiteSource } from "./parts.ts";

/** Where a site's `npm run build` puts what is to be served. */
const OUTPUT = "dist";
/** Outputs of earlier sources that are kept; who goes back to one of them need not build again. */
const KEPT = 5;
const LIMIT_MS = 600_000;

/**
 * The hash of what a site is made of: its files, for one that is built the locked versions of what builds it, and the
 * site key of Turnstile where the stack has one. Without the key it is the same on every stack.
 */
export function siteHash({ dir, builtWith }: SiteSource, turnstileSiteKey?: string): string {
  const also = turnstileSiteKey === undefined ? [] : [`turnstile ${turnstileSiteKey}`];
  if (builtWith === undefined) return contentHash({ dir, also });
  return contentHash({ dir, without: [OUTPUT], also: [readFileSync(builtWith), ...also] });
}

/**
 * The folder with what a site serves: its own, or for one with a build command the output of that, built once for each
 * content. The command gets no secret: of the environment no more than where programs are.
 *
 * @throws UserError `site-build-failed` with the end of what the command said
 */
export async function builtSite(site: SiteSource): Promise<string> {
  if (site.builtWith === undefined) return site.dir;
  const outputs = join(site.dir, ".wrangler", "built");
  const kept = join(outputs, siteHash(site));
  if (existsSync(kept)) {
    utimesSync(kept, new Date(), new Date());
    return kept;
  }
  const output = join(site.dir, OUTPUT);
  rmSync(output, { recursive: true, force: true });
  const { exitCode, all } = await execa("npm", ["run", "--silent", "build"], {
    cwd: site.dir,
    env: { ...inherited(), CI: "true", NODE_ENV: "production" },
    extendEnv: false,
    reject: false,
    all: true,
    stdin: "ignore",
    timeout: LIMIT_MS,
  });
  if (exitCode !== 0 || !existsSync(join(output, "index.html"))) {
    const said = redact(all ?? "")
      .trim()
      .split("\n")
      .slice(-15)
      .join("\n");
    throw new UserError(
      "site-build-failed",
      exitCode === 0
        ? `The build of site ${site.name} made no ${OUTPUT}/index.html.`
        : `The build of site ${site.name} failed: npm run build ended with ${exitCode ?? "a signal"}.\n${said}`,
      `Run it where it can be seen: cd sites/${site.name} && npm run build. No Worker and no site was deployed.`,
    );
  }
  await mkdir(outputs, { recursive: true });
  // Whole or not at all, whenever this process ends.
  renameSync(output, kept);
  prune(outputs);
  return kept;
}

function prune(folder: string): void {
  const byAge = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of byAge.slice(KEPT)) rmSync(old, { recursive: true, force: true });
}
