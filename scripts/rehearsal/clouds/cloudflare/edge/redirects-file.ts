import { fill, matchPattern } from "./path-pattern.ts";

const STATUSES = new Set([200, 301, 302, 303, 307, 308]);

/** The first rule of a `_redirects` file that fits (https://developers.cloudflare.com/pages/configuration/redirects/). */
export function redirectFor(file: string, url: URL): { location: string; status: number } | undefined {
  for (const line of file.split(/\r?\n/)) {
    const text = line.replace(/\s#.*$/, "").trim();
    if (!text || text.startsWith("#")) continue;
    const [source = "", target, code = "302"] = text.split(/\s+/);
    const status = Number(code);
    if (!target || !STATUSES.has(status)) continue;
    const values = matchPattern(source, url);
    if (!values) continue;
    const location = fill(target, values);
    const query = url.search && !location.includes("?") ? url.search : "";
    return { location: location + query, status };
  }
  return undefined;
}
