import type { Visit } from "../visit.ts";
import type { Facts } from "./evaluate.ts";

/** Asks for another threat score than 0, to test rules by it. */
const THREAT_HEADER = "x-rehearsal-threat-score";

/** The field values of a visit; where the rehearsed internet has no truth of its own, the same plain one always. */
export function factsOf(visit: Visit, now: Date, zone: string, ray: string): Facts {
  const { url, headers } = visit;
  const path = normalized(url.pathname);
  const query = url.search.slice(1);
  const byName: Record<string, string[]> = {};
  for (const [name, value] of headers) byName[name] = [...(byName[name] ?? []), value];
  const cookies: Record<string, string[]> = {};
  for (const pair of (headers.get("cookie") ?? "").split(/;\s*/)) {
    const [name = "", ...rest] = pair.split("=");
    if (name) cookies[name] = [...(cookies[name] ?? []), rest.join("=")];
  }
  const args: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) args[name] = [...(args[name] ?? []), value];
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const uri = path + url.search;
  const encrypted = url.protocol === "https:";
  return {
    "cf.client.bot": false,
    "cf.edge.server_ip": "104.16.132.229",
    "cf.edge.server_port": encrypted ? 443 : 80,
    "cf.ray_id": ray,
    "cf.threat_score": Number(headers.get(THREAT_HEADER) ?? 0),
    "cf.tls_client_auth.cert_presented": false,
    "cf.tls_client_auth.cert_verified": false,
    "cf.tls_version": encrypted ? "TLSv1.3" : "",
    "cf.zone.name": zone,
    "http.cookie": headers.get("cookie") ?? "",
    "http.host": url.hostname,
    "http.referer": headers.get("referer") ?? "",
    "http.request.cookies": cookies,
    "http.request.full_uri": `${url.protocol}//${url.hostname}${uri}`,
    "http.request.headers": byName,
    "http.request.headers.names": Object.keys(byName),
    "http.request.headers.values": Object.values(byName).flat(),
    "http.request.method": visit.method,
    "http.request.timestamp.sec": Math.floor(now.getTime() / 1000),
    "http.request.uri": uri,
    "http.request.uri.args": args,
    "http.request.uri.path": path,
    "http.request.uri.path.extension": extension,
    "http.request.uri.query": query,
    "http.request.version": "HTTP/2",
    "http.user_agent": headers.get("user-agent") ?? "",
    "http.x_forwarded_for": headers.get("x-forwarded-for") ?? "",
    "ip.geoip.asnum": 64496,
    "ip.geoip.continent": "NA",
    "ip.geoip.country": "US",
    "ip.src": visit.ip,
    "ip.src.asnum": 64496,
    "ip.src.continent": "NA",
    "ip.src.country": "US",
    "ip.src.is_in_european_union": false,
    "raw.http.request.full_uri": url.href,
    "raw.http.request.uri": url.pathname + url.search,
    "raw.http.request.uri.path": url.pathname,
    "raw.http.request.uri.query": query,
    ssl: encrypted,
  };
}

/**
 * URL normalization as a zone has it by default: unreserved characters decoded, slashes merged
 * (https://developers.cloudflare.com/rules/normalization/how-it-works/).
 */
function normalized(path: string): string {
  return path
    .replace(/%([0-9a-fA-F]{2})/g, (whole, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : whole.toUpperCase();
    })
    .replaceAll("\\", "/")
    .replace(/\/{2,}/g, "/");
}
