import type { WorkerRoute } from "../model.ts";

/**
 * What is wrong with a route pattern for a zone, if anything
 * (https://developers.cloudflare.com/workers/configuration/routing/routes/#matching-behavior).
 */
export function patternError(pattern: string, zone: string): string | undefined {
  const { host, path } = parts(pattern);
  const bare = host.replace(/^\*\.?/, "");
  if (bare !== zone && !bare.endsWith(`.${zone}`)) return `${host} is not in the zone ${zone}`;
  if (host.slice(1).includes("*")) return "a wildcard may only begin a hostname";
  if (path.slice(0, -1).includes("*")) return "a wildcard may only end a path";
  if (pattern.includes("?")) return "a pattern has no query string";
  return undefined;
}

function parts(pattern: string): { scheme: string | undefined; host: string; path: string } {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/.exec(pattern) ?? [];
  const slash = rest.indexOf("/");
  return slash < 0
    ? { scheme, host: rest, path: "" }
    : { scheme, host: rest.slice(0, slash), path: rest.slice(slash) };
}

function fits(pattern: string, url: URL): boolean {
  const { scheme, host, path } = parts(pattern);
  if (scheme && `${scheme}:` !== url.protocol) return false;
  const hostFits = host.startsWith("*") ? url.hostname.endsWith(host.slice(1)) : url.hostname === host;
  if (!hostFits) return false;
  const target = url.pathname + url.search;
  if (path.endsWith("*")) return target.startsWith(path.slice(0, -1));
  return path === "" ? url.pathname === "/" : url.pathname === path;
}

/** The most specific route that fits, as Cloudflare chooses it: exact hosts first, then the longer pattern. */
export function matchRoute(routes: WorkerRoute[], url: URL): WorkerRoute | undefined {
  return routes
    .filter((route) => fits(route.pattern, url))
    .sort(
      (a, b) =>
        Number(parts(a.pattern).host.startsWith("*")) - Number(parts(b.pattern).host.startsWith("*")) ||
        b.pattern.length - a.pattern.length,
    )[0];
}
