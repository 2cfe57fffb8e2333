import { z } from "zod";
import type { Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import { fitsExpression } from "./rules/compiled.ts";
import type { Facts } from "./rules/evaluate.ts";
import type { Visit } from "./visit.ts";

const Settings = z.looseObject({
  cache: z.boolean().optional(),
  edge_ttl: z.looseObject({ mode: z.string(), default: z.number().optional() }).optional(),
  browser_ttl: z.looseObject({ mode: z.string(), default: z.number().optional() }).optional(),
});
type Settings = z.infer<typeof Settings>;

/** Cached without any rule: https://developers.cloudflare.com/cache/concepts/default-cache-behavior/#default-cached-file-extensions */
const STATIC = new Set(
  "7z avi avif apk bin bmp bz2 class css csv doc docx dmg ejs eot eps exe flac gif gz ico iso jar jpg jpeg js mid midi mkv mp3 mp4 ogg otf pdf pict pls png ppt pptx ps rar svg svgz swf tar tif tiff ttf webm webp woff woff2 xls xlsx zip zst".split(
    " ",
  ),
);
/** Seconds a 200 without `cache-control` is kept. */
const DEFAULT_TTL = 7200;
const CACHEABLE = new Set([200, 203, 204, 301, 404, 410]);
const MAX_ENTRIES = 1000;

interface Entry {
  status: number;
  headers: [string, string][];
  body: ArrayBuffer;
  /** Milliseconds of the clock. */
  storedAt: number;
  until: number;
}

/** The cache before the origins, by cache rules and Cloudflare's defaults; in memory only. */
export class EdgeCache {
  readonly #entries = new Map<string, Entry>();
  readonly #state: CloudState;

  constructor(state: CloudState) {
    this.#state = state;
  }

  /** Answers from the cache or from `fetch`, with CF-Cache-Status. */
  async through(
    zone: Zone,
    visit: Visit,
    facts: Facts,
    fetch: () => Promise<Response | undefined>,
  ): Promise<Response | undefined> {
    const settings = this.#settings(zone, facts);
    const eligible =
      (visit.method === "GET" || visit.method === "HEAD") &&
      (settings.cache ?? STATIC.has(String(facts["http.request.uri.path.extension"])));
    if (!eligible) return marked(await fetch(), settings.cache === false ? "BYPASS" : "DYNAMIC");
    const key = visit.url.href;
    const now = this.#state.now().getTime();
    const kept = this.#entries.get(key);
    if (kept && now < kept.until) {
      const hit = new Response(visit.method === "HEAD" || kept.status === 204 ? null : kept.body, {
        status: kept.status,
        headers: kept.headers,
      });
      hit.headers.set("age", String(Math.floor((now - kept.storedAt) / 1000)));
      return marked(hit, "HIT");
    }
    const response = await fetch();
    if (!response) return undefined;
    const ttl = this.#ttl(response, settings);
    if (ttl <= 0 || visit.method === "HEAD") return marked(response, ttl < 0 ? "BYPASS" : "MISS");
    const body = await response.arrayBuffer();
    this.#entries.set(key, {
      status: response.status,
      headers: [...response.headers],
      body,
      storedAt: now,
      until: now + ttl * 1000,
    });
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(String(this.#entries.keys().next().value));
    const answer = new Response(response.status === 204 ? null : body, {
      status: response.status,
      headers: response.headers,
    });
    return marked(answer, kept ? "EXPIRED" : "MISS");
  }

  /** Forgets everything, or what has one of these addresses, hosts or prefixes. */
  purge(
    zone: Zone,
    what: { everything?: boolean; files?: string[]; hosts?: string[]; prefixes?: string[] },
  ): void {
    for (const key of this.#entries.keys()) {
      const url = new URL(key);
      const host = url.hostname;
      if (host !== zone.name && !host.endsWith(`.${zone.name}`)) continue;
      const fits =
        what.everything ||
        what.files?.includes(key) ||
        what.hosts?.includes(host) ||
        what.prefixes?.some((prefix) => `${host}${url.pathname}`.startsWith(prefix));
      if (fits) this.#entries.delete(key);
    }
  }

  /** All fitting rules together, later ones over earlier ones. */
  #settings(zone: Zone, facts: Facts): Settings {
    const rules =
      this.#state
        .rulesets(zone.id)
        .list()
        .find(({ phase }) => phase === "http_request_cache_settings")?.rules ?? [];
    let settings: Settings = {};
    for (const rule of rules)
      if (rule.enabled && fitsExpression(rule.expression, facts))
        settings = { ...settings, ...Settings.parse(rule.action_parameters ?? {}) };
    return settings;
  }

  /** Seconds to keep an answer; 0 not at all, negative when the origin forbids it. */
  #ttl(response: Response, settings: Settings): number {
    if (response.headers.has("set-cookie")) return -1;
    if (!CACHEABLE.has(response.status)) return 0;
    if (settings.edge_ttl?.mode === "override_origin") return settings.edge_ttl.default ?? DEFAULT_TTL;
    const control = response.headers.get("cache-control") ?? "";
    if (/\b(no-store|private|no-cache)\b/.test(control)) return -1;
    const age = /s-maxage=(\d+)/.exec(control) ?? /max-age=(\d+)/.exec(control);
    if (age) return Number(age[1]);
    if (settings.edge_ttl?.mode === "bypass_by_default") return -1;
    if (settings.edge_ttl?.default !== undefined) return settings.edge_ttl.default;
    return response.status === 200 ? DEFAULT_TTL : 0;
  }
}

function marked(response: Response | undefined, status: string): Response | undefined {
  response?.headers.set("cf-cache-status", status);
  return response;
}
