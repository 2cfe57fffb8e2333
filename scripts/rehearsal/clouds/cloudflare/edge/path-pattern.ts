/**
 * A path or URL pattern of `_headers` and `_redirects`: `*` stands for anything (`:splat`), `:name` for one segment
 * (https://developers.cloudflare.com/pages/configuration/redirects/#placeholders).
 * Gives the placeholders' values where it fits.
 */
export function matchPattern(pattern: string, url: URL): Record<string, string> | undefined {
  const absolute = /^https?:\/\//.test(pattern);
  const names: string[] = [];
  const expression = pattern
    .replace(/^https?:\/\//, "")
    .split(/(\*|:[A-Za-z]\w*)/)
    .map((part) => {
      if (part === "*") {
        names.push("splat");
        return "(.*)";
      }
      if (/^:[A-Za-z]/.test(part)) {
        names.push(part.slice(1));
        return absolute && names.length === 1 && !pattern.slice(8).startsWith("/") ? "([^/.]+)" : "([^/]+)";
      }
      return part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
    })
    .join("");
  const subject = absolute ? url.host + url.pathname : url.pathname;
  const match = new RegExp(`^${expression}$`).exec(subject);
  return match ? Object.fromEntries(names.map((name, i) => [name, match[i + 1] ?? ""])) : undefined;
}

/** Puts the placeholders' values into a text. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/:([A-Za-z]\w*)/g, (whole, name: string) => values[name] ?? whole);
}
