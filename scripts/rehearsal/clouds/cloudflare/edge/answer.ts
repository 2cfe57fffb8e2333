import { randomBytes } from "node:crypto";
import { originPulls } from "../api/zone-security.ts";
import { settingValue } from "../api/zone-settings.ts";
import type { Script, Version, Zone } from "../model.ts";
import type { CloudState } from "../state.ts";
import type { EdgeCache } from "./cache.ts";
import { resolve } from "./dns-lookup.ts";
import { answerDns } from "./doh.ts";
import { errorPage } from "./error-page.ts";
import type { Firewall } from "./firewall.ts";
import type { Invocations } from "./invocations.ts";
import { askOrigin } from "./origin.ts";
import { siteOf, siteOfDomain } from "./pages-host.ts";
import { serveSite } from "./pages-site.ts";
import { redirectByRule } from "./redirect-rules.ts";
import { matchRoute } from "./route-pattern.ts";
import { factsOf } from "./rules/facts.ts";
import { CHALLENGES_HOST, siteverify } from "./siteverify.ts";
import { chooseVersion } from "./split.ts";
import type { Visit } from "./visit.ts";
import type { Workers } from "./workers.ts";

/** The airport code of the rehearsed data center; Portland, near the servers' default location. */
const COLO = "PDX";

/** Says to a local server that the edge would have shown its client certificate. */
const ORIGIN_PULL_HEADER = "x-rehearsal-client-cert";

/** A server that could not be reached, by what the edge would say of it. */
const FAILS_OVER = new Set([521, 522, 523, 525, 526]);

/** What the API tells the running edge beside what both find in the state. */
export interface EdgeParts {
  cache: EdgeCache;
  firewall: Firewall;
  invocations: Invocations;
}

/** Answers visitors as Cloudflare's edge does for the zones, sites and Workers of the account. */
export function openAnswers(
  state: CloudState,
  workers: Workers,
  { cache, firewall, invocations }: EdgeParts,
  resolveOrigin: (ip: string) => Promise<string | undefined>,
): (visit: Visit) => Promise<Response> {
  const runScript = async (script: Script, visit: Visit, ray: string): Promise<Response> => {
    const version = chooseVersion(state, script, visit);
    return version ? run(version, visit, ray) : errorPage(1042, visit, ray);
  };
  const run = async (version: Version, visit: Visit, ray: string): Promise<Response> => {
    const answer = await workers.fetch(version, withCloudflareHeaders(visit, ray));
    invocations.add({ script: version.script, at: state.now(), failed: !answer });
    return answer ?? errorPage(1101, visit, ray);
  };

  const workersDev = async (visit: Visit, ray: string): Promise<Response> => {
    const label = visit.url.hostname.slice(0, -`.${state.workersSubdomain}.workers.dev`.length);
    const script = state.scripts.get(label);
    if (script)
      return script.workersDev.enabled ? runScript(script, visit, ray) : errorPage(1042, visit, ray);
    const version = previewOf(state, label);
    return version ? run(version, visit, ray) : errorPage(1042, visit, ray);
  };

  const inZone = async (zone: Zone, visit: Visit, ray: string): Promise<Response> => {
    const host = visit.url.hostname;
    const found = resolve(state, zone, host);
    if (!found) return errorPage(1001, visit, ray);
    const onPages = found.alias?.endsWith(".pages.dev");
    if (!found.proxied && !onPages)
      return found.ips[0] ? direct(found.ips[0], visit, ray) : errorPage(1001, visit, ray);
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
    if (found.ips.length === 0) return errorPage(1016, visit, ray);
    return (
      (await cache.through(zone, visit, facts, () =>
        askInTurn(zone, found.ips, withOriginPull(zone, withCloudflareHeaders(visit, ray))),
      )) ?? errorPage(522, visit, ray)
    );
  };

  /**
   * One of several addresses gets the request, each in its turn; another one gets it too where the first did not answer, but
   * only on paid plans: https://developers.cloudflare.com/dns/manage-dns-records/how-to/round-robin-dns/,
   * https://developers.cloudflare.com/load-balancing/understand-basics/adaptive-routing/
   */
  const askInTurn = async (
    zone: Zone,
    ips: readonly string[],
    visit: Visit,
  ): Promise<Response | undefined> => {
    const host = visit.url.hostname;
    const turn = turns.get(host) ?? 0;
    turns.set(host, turn + 1);
    const ask = (index: number) => askOrigin(ips[index % ips.length] ?? "", visit, resolveOrigin);
    const first = await ask(turn);
    const unreachable = first === undefined || FAILS_OVER.has(first.status);
    return unreachable && ips.length > 1 && zone.plan !== "free" ? ask(turn + 1) : first;
  };
  const turns = new Map<string, number>();

  /** Authenticated Origin Pulls: the header stands for Cloudflare's client certificate. */
  const withOriginPull = (zone: Zone, visit: Visit): Visit => {
    // The zone's own certificate, or Cloudflare's, which all zones share ("global"); each is switched on for itself:
    // https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/set-up/global/
    const on =
      originPulls(state).get(zone.id)?.enabled || settingValue(state, zone.id, "tls_client_auth") === "on";
    const headers = new Headers(visit.headers);
    headers.delete(ORIGIN_PULL_HEADER);
    if (on) headers.set(ORIGIN_PULL_HEADER, "CN=origin-pull.cloudflare.net");
    return { ...visit, headers };
  };

  /** A name that is not proxied: the visitor reaches the server itself. */
  const direct = async (ip: string, visit: Visit, ray: string): Promise<Response> =>
    (await askOrigin(ip, visit, resolveOrigin)) ?? errorPage(522, visit, ray);

  return async (visit) => {
    const ray = randomBytes(8).toString("hex");
    const host = visit.url.hostname;
    if (host === "cloudflare-dns.com" || host === "1.1.1.1" || host === "one.one.one.one")
      return answerDns(state, visit);
    if (host === CHALLENGES_HOST) return siteverify(state, visit);
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

/** The version behind `<first 8 digits of its id>-<script>` or `<alias>-<script>`, the newest of an alias. */
function previewOf(state: CloudState, label: string): Version | undefined {
  for (const script of state.scripts.list()) {
    if (!script.workersDev.previews_enabled || !label.endsWith(`-${script.name}`)) continue;
    const prefix = label.slice(0, -script.name.length - 1);
    const previews = state
      .versions(script.name)
      .list()
      .filter((version) => version.previews);
    const found =
      previews.find(({ id }) => id.slice(0, 8) === prefix) ??
      previews.findLast(({ annotations }) => annotations["workers/alias"] === prefix);
    if (found) return found;
  }
  return undefined;
}

function withCloudflareHeaders(visit: Visit, ray: string): Visit {
  const headers = new Headers(visit.headers);
  // A Worker that passes its visitor's request on within the zone passes the visitor's address on:
  // https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip-in-worker-subrequests
  const client = (visit.fromWorker && headers.get("x-real-ip")) || visit.ip;
  headers.set("cf-connecting-ip", client);
  headers.set("x-real-ip", client);
  headers.set("cf-ray", `${ray}-${COLO}`);
  headers.set("cf-ipcountry", "US");
  headers.set("cf-visitor", JSON.stringify({ scheme: visit.url.protocol.slice(0, -1) }));
  headers.set("x-forwarded-proto", visit.url.protocol.slice(0, -1));
  const before = headers.get("x-forwarded-for");
  if (!(visit.fromWorker && before))
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
