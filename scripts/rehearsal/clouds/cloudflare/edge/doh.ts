import type { DnsRecord } from "../model.ts";
import type { CloudState } from "../state.ts";
import { recordsOf } from "./dns-lookup.ts";
import type { Visit } from "./visit.ts";

const NUMBERS: Record<string, number> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  HTTPS: 65,
  CAA: 257,
};
/** What a visitor is told instead of the address of a proxied record: addresses of Cloudflare's own. */
const ANYCAST = { A: ["104.16.132.229", "104.16.133.229"], AAAA: ["2606:4700::6810:84e5"] };
const AUTOMATIC_TTL = 300;

interface Answer {
  name: string;
  type: number;
  TTL: number;
  data: string;
}

/**
 * Answers DNS over HTTPS in its JSON form from the zones' records
 * (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/).
 */
export function answerDns(state: CloudState, visit: Visit): Response {
  const question = visit.url.searchParams.get("name")?.toLowerCase().replace(/\.$/, "");
  const asked = (visit.url.searchParams.get("type") ?? "A").toUpperCase();
  const type = NUMBERS[asked] ?? Number(asked);
  if (visit.url.pathname !== "/dns-query" || !question || Number.isNaN(type))
    return Response.json({ error: "Invalid query." }, { status: 400 });
  const answers: Answer[] = [];
  const known = question ? follow(state, question, type, answers) : false;
  return new Response(
    JSON.stringify({
      // NXDOMAIN for names without any record, or outside of the rehearsed internet.
      Status: known ? 0 : 3,
      TC: false,
      RD: true,
      RA: true,
      AD: false,
      CD: false,
      Question: [{ name: question, type }],
      ...(answers.length > 0 ? { Answer: answers } : {}),
    }),
    { headers: { "content-type": "application/dns-json", "cache-control": "no-store" } },
  );
}

function follow(state: CloudState, name: string, type: number, answers: Answer[], depth = 0): boolean {
  const zone = state.zoneOf(name);
  const records = zone ? recordsOf(state, zone, name) : [];
  const ttl = (record: DnsRecord) => (record.ttl === 1 ? AUTOMATIC_TTL : record.ttl);
  const proxied = records.find((record) => record.proxied);
  if (proxied && (type === NUMBERS.A || type === NUMBERS.AAAA)) {
    const family = type === NUMBERS.A ? "A" : "AAAA";
    for (const data of ANYCAST[family]) answers.push({ name, type, TTL: AUTOMATIC_TTL, data });
    return true;
  }
  for (const record of records) {
    const number = NUMBERS[record.type];
    if (record.proxied && record.type === "CNAME") continue;
    if (number === type) answers.push({ name, type, TTL: ttl(record), data: dataOf(record) });
    else if (record.type === "CNAME" && depth < 8) {
      answers.push({ name, type: 5, TTL: ttl(record), data: record.content });
      follow(state, record.content, type, answers, depth + 1);
    }
  }
  return records.length > 0;
}

function dataOf(record: DnsRecord): string {
  // The root itself has no other dot: RFC 7505.
  if (record.type === "MX") return `${record.priority} ${record.content.replace(/\.$/, "")}.`;
  if (record.type !== "TXT") return record.content;
  if (record.content.startsWith('"')) return record.content;
  // One character-string of a TXT record has at most 255 bytes (RFC 1035, 3.3).
  return (record.content.match(/[\s\S]{1,255}/g) ?? [""])
    .map((part) => `"${part.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`)
    .join(" ");
}
