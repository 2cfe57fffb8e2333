import { fill, matchPattern } from "./path-pattern.ts";

/** Applies the rules of a `_headers` file that fit (https://developers.cloudflare.com/pages/configuration/headers/). */
export function headersFor(file: string, url: URL, headers: Headers): void {
  const given = new Set<string>();
  let values: Record<string, string> | undefined;
  for (const line of file.split(/\r?\n/)) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      values = matchPattern(line.trim(), url);
      continue;
    }
    if (!values) continue;
    const text = line.trim();
    if (text.startsWith("!")) {
      headers.delete(text.slice(1).trim());
      continue;
    }
    const colon = text.indexOf(":");
    if (colon < 1) continue;
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = fill(text.slice(colon + 1).trim(), values);
    // The same header of several rules is joined; one that Pages set itself is replaced.
    if (given.has(name)) headers.append(name, value);
    else headers.set(name, value);
    given.add(name);
  }
}
