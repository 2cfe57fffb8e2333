import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./content-hash.ts";

/** The place for Turnstile's widget in a page, as it stands in the repository: without a key, and so without a widget. */
const PLACE = 'data-turnstile-site-key=""';
/** https://developers.cloudflare.com/turnstile/reference/content-security-policy/ */
const SOURCE = "https://challenges.cloudflare.com";
const DIRECTIVES = ["script-src", "frame-src"];

/**
 * Switches Turnstile on in the pages of a site's folder that have a place for it: they get the site key, and the policies
 * in `_headers` allow the widget's script and frame. A site without such a place stays as it is.
 */
export function switchTurnstileOn(folder: string, siteKey: string): void {
  const pages = listFiles(folder).filter(
    (file) => file.endsWith(".html") && readFileSync(file, "utf8").includes(PLACE),
  );
  if (pages.length === 0) return;
  for (const page of pages)
    writeFileSync(page, readFileSync(page, "utf8").replaceAll(PLACE, `data-turnstile-site-key="${siteKey}"`));
  const headers = join(folder, "_headers");
  if (!existsSync(headers)) return;
  const text = readFileSync(headers, "utf8");
  const allowed = text.replace(
    /^(\s+Content-Security-Policy:[ \t]*)(.*)$/gim,
    (_line, name: string, policy: string) => name + DIRECTIVES.reduce(allow, policy),
  );
  writeFileSync(headers, allowed);
}

/** The policy with the source added to a directive; one that is not there yet begins anew, as it takes nothing over. */
function allow(policy: string, directive: string): string {
  const parts = policy
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const there = parts.some((part) => part.split(/\s/, 1)[0] === directive);
  const all = there ? parts : [...parts, directive];
  return all
    .map((part) =>
      part.split(/\s/, 1)[0] === directive ? `${part.replace(/ 'none'$/, "")} ${SOURCE}` : part,
    )
    .join("; ");
}
