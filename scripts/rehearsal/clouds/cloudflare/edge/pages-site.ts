import type { PagesDeployment } from "../model.ts";
import type { CloudState } from "../state.ts";
import { headersFor } from "./headers-file.ts";
import { redirectFor } from "./redirects-file.ts";
import type { Visit } from "./visit.ts";

/** Serves a site as Pages does (https://developers.cloudflare.com/pages/configuration/serving-pages/). */
export function serveSite(state: CloudState, site: PagesDeployment, visit: Visit): Response {
  const preview = site.environment === "preview";
  const redirect = redirectFor(site.redirects ?? "", visit.url);
  // Pages applies redirects before assets; a proxying one (200) serves another path of the same site.
  if (redirect && redirect.status !== 200)
    return new Response(null, { status: redirect.status, headers: { location: redirect.location } });
  const path = redirect ? new URL(redirect.location, visit.url).pathname : visit.url.pathname;
  if (visit.method !== "GET" && visit.method !== "HEAD") return new Response(null, { status: 405 });
  const found = find(site, decode(path));
  if ("location" in found)
    return new Response(null, { status: 308, headers: { location: found.location + visit.url.search } });
  const { file, status } = found;
  const hash = file === undefined ? undefined : site.manifest[file];
  const asset = hash === undefined ? undefined : state.pagesAssets.get(hash);
  if (!asset || hash === undefined) return new Response("Not Found", { status: 404 });
  const headers = new Headers({
    "content-type": withCharset(asset.contentType),
    etag: `"${hash}"`,
    "cache-control": "public, max-age=0, must-revalidate",
    "access-control-allow-origin": "*",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    ...(preview || visit.url.hostname.startsWith(`${site.short_id}.`) ? { "x-robots-tag": "noindex" } : {}),
  });
  headersFor(site.headers ?? "", visit.url, headers);
  const matches = visit.headers.get("if-none-match")?.includes(`"${hash}"`);
  if (matches && status === 200) return new Response(null, { status: 304, headers });
  return new Response(new Uint8Array(state.blobs.get(asset.blob)), { status, headers });
}

type Found = { file: string | undefined; status: number } | { location: string };

/** The file for a path, or the canonical address of it: `/about.html` → `/about`, `/docs` → `/docs/`. */
function find(site: PagesDeployment, path: string): Found {
  const has = (file: string) => site.manifest[file] !== undefined;
  if (path.endsWith("/index.html") && has(path)) return { location: path.slice(0, -"index.html".length) };
  if (path.endsWith("/index") && has(`${path}.html`)) return { location: path.slice(0, -"index".length) };
  if (path.endsWith(".html") && has(path)) return { location: path.slice(0, -".html".length) };
  if (has(path)) return { file: path, status: 200 };
  if (path.endsWith("/")) {
    if (has(`${path}index.html`)) return { file: `${path}index.html`, status: 200 };
    const bare = path.slice(0, -1);
    if (bare && has(`${bare}.html`)) return { location: bare };
  } else {
    if (has(`${path}.html`)) return { file: `${path}.html`, status: 200 };
    if (has(`${path}/index.html`)) return { location: `${path}/` };
  }
  // The nearest 404.html upwards; a site without any is a single-page application.
  for (let folder = path; folder !== ""; ) {
    folder = folder.slice(0, folder.lastIndexOf("/"));
    if (has(`${folder}/404.html`)) return { file: `${folder}/404.html`, status: 404 };
  }
  return has("/404.html") || !has("/index.html")
    ? { file: "/404.html", status: 404 }
    : { file: "/index.html", status: 200 };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function withCharset(type: string): string {
  return /^(text\/|application\/(javascript|json))/.test(type) && !type.includes("charset")
    ? `${type}; charset=utf-8`
    : type;
}
