import { randomBytes } from "node:crypto";
import { settingValue } from "../api/zone-settings.ts";
import type { Script, Version, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import type { EdgeCache } from "./cache.ts";
import { resolve } from "./dns-lookup.ts";
import { answerDns } from "./doh.ts";
import { errorPage } from "./error-page.ts";
import type { Firewall } from "./firewall.ts";
import { askOrigin } from "./origin.ts";
import { siteOf, siteOfDomain } from "./pages-host.ts";
import { serveSite } from "./pages-site.ts";
import { redirectByRule } from "./redirect-rules.ts";
import { matchRoute } from "./route-pattern.ts";
import { factsOf } from "./rules/facts.ts";
import { chooseVersion } from "./split.ts";
import type { Visit } from "./visit.ts";
import type { Workers } from "./workers.ts";

/** The airport code of the rehearsed data center; Portland, near the servers' default location. */
const COLO = "PDX";

/** What the API tells the running edge beside what both find in the state. */
export interface EdgeParts {
  cache: EdgeCache;
  firewall: Firewall;
}

/** Answers visitors as Cloudflare's edge does for the zones, sites and Workers of the account. */
export function openAnswers(
  state: CloudState,
  workers: Workers,
  { cache, firewall }: EdgeParts,
  resolveOrigin: (ip: string) => Promise<string | undefined>,
): (visit: Visit) => Promise<Response> {
  const runScript = async (script: Script, visit: Visit, ray: string): Promise<Response> => {
    const version = chooseVersion(state, script, visit);
    return version ? run(version, visit, ray) : errorPage(1042, visit, ray);
  };
  const run = async (version: Version, visit: Visit, ray: string): Promise<Response> =>
    (await workers.fetch(version, withCloudflareHeaders(visit, ray))) ?? errorPage(1101, visit, ray);

  const workersDev = async (visit: Visit, ray: string): Promise<Response> => {
    const label = visit.url.hostname.slice(0, -`.${state.workersSubdomain}.workers.dev`.length);
    const script = state.scripts.get(label);
    if (script)
      return script.workersDev.enabled ? runScript(script, visit, ray) : errorPage(1042, visit, ray);
    // `<first 8 digits of a version>-<script>`
    const [, prefix = "", name = ""] = /^([0-9a-f]{8})-(.+)$/.exec(label) ?? [];
    const owner = state.scripts.get(name);
    const version =
      owner?.workersDev.previews_enabled &&
      state
        .versions(name)
        .list()
        .find((one) => one.previews && one.id.startsWith(prefix));
    return version ? run(version, visit, ray) : errorPage(1042, visit, ray);
  };

  const inZone = async (zone: Zone, visit: Visit, ray: string): Promise<Response> => {
    const host = visit.url.hostname;
    const found = resolve(state, zone, host);
    if (!found) return errorPage(1001, visit, ray);
    const onPages = found.alias?.endsWith(".pages.dev");
    if (!found.proxied && !onPages)
      return found.ip ? direct(found.ip, visit, ray) : errorPage(1001, visit, ray);
    if (visit.url.protocol === "http:" && settingValue(state, zone.id, "always_use_https") === "on") {
      const target = new URL(visit.url);
      target.protocol = "https:";
      return new Response(null, { status: 301, headers: { location: target.href } });
    }
    const facts = factsOf(visit, state.now(), zone.name, ray);
    if (!visit.fromWorker) {
      const refused = redirectByRule(state, zone, visit, facts) ?? firewall.check(zone, visit, facts, ray);
      if (refused) return refused;
    }
    // A Worker's own requests to its zone go past the routes, straight to the origin:
    // https://developers.cloudflare.com/workers/configuration/routing/routes/
    const route = visit.fromWorker ? undefined : matchRoute(state.routes(zone.id).list(), visit.url);
    if (route?.script) {
      const script = state.scripts.get(route.script);
      return script ? runScript(script, visit, ray) : errorPage(1042, visit, ray);
    }
    const domain = route ? undefined : state.domains.list().find(({ hostname }) => hostname === host);
    const script = domain && state.scripts.get(domain.service);
    if (script) return runScript(script, visit, ray);
    if (onPages) {
      const site = siteOfDomain(state, host, found.alias ?? "");
      return site ? serveSite(state, site, visit) : errorPage(522, visit, ray);
    }
    if (!found.ip) return errorPage(1016, visit, ray);
    const { ip } = found;
    return (
      (await cache.through(zone, visit, facts, () =>
        askOrigin(ip, withCloudflareHeaders(visit, ray), resolveOrigin),
      )) ?? errorPage(522, visit, ray)
    );
  };

  /** A name that is not proxied: the visitor reaches the server itself. */
  const direct = async (ip: string, visit: Visit, ray: string): Promise<Response> =>
    (await askOrigin(ip, visit, resolveOrigin)) ?? errorPage(522, visit, ray);

  return async (visit) => {
    const ray = randomBytes(8).toString("hex");
    const host = visit.url.hostname;
    if (host === "cloudflare-dns.com" || host === "1.1.1.1" || host === "one.one.one.one")
      return answerDns(state, visit);
    const answer = await (async () => {
      if (host.endsWith(`.${state.workersSubdomain}.workers.dev`)) return workersDev(visit, ray);
      if (host.endsWith(".pages.dev")) {
        const site = siteOf(state, host);
        return site ? serveSite(state, site, visit) : errorPage(1001, visit, ray);
      }
      const zone = state.zoneOf(host);
      return zone ? inZone(zone, visit, ray) : errorPage(1001, visit, ray);
    })();
    return finished(answer, state, visit, ray);
  };
}

function withCloudflareHeaders(visit: Visit, ray: string): Visit {
  const headers = new Headers(visit.headers);
  headers.set("cf-connecting-ip", visit.ip);
  headers.set("cf-ray", `${ray}-${COLO}`);
  headers.set("cf-ipcountry", "US");
  headers.set("cf-visitor", JSON.stringify({ scheme: visit.url.protocol.slice(0, -1) }));
  headers.set("x-forwarded-proto", visit.url.protocol.slice(0, -1));
  const before = headers.get("x-forwarded-for");
  headers.set("x-forwarded-for", before ? `${before}, ${visit.ip}` : visit.ip);
  headers.set("cdn-loop", "cloudflare; loops=1");
  return { ...visit, headers };
}

function finished(answer: Response, state: CloudState, visit: Visit, ray: string): Response {
  const headers = new Headers(answer.headers);
  headers.set("server", "cloudflare");
  headers.set("cf-ray", `${ray}-${COLO}`);
  const zone = state.zoneOf(visit.url.hostname);
  if (zone && visit.url.protocol === "https:") {
    const { strict_transport_security: hsts } = settingValue(state, zone.id, "security_header") as {
      strict_transport_security: Record<string, unknown>;
    };
    if (hsts.enabled)
      headers.set(
        "strict-transport-security",
        `max-age=${hsts.max_age}${hsts.include_subdomains ? "; includeSubDomains" : ""}${hsts.preload ? "; preload" : ""}`,
      );
    if (hsts.enabled && hsts.nosniff) headers.set("x-content-type-options", "nosniff");
  }
  return new Response(answer.body, { status: answer.status, headers });
}
