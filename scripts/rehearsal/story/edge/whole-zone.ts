import { z } from "zod";
import { HOSTS } from "../hosts.ts";
import type { Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";

const DOMAIN = "example.com";
const Resolved = z.object({ Answer: z.array(z.object({ type: z.number(), data: z.string() })).default([]) });
const SITES = [HOSTS.dev.www, HOSTS.dev.status, HOSTS.prod.www, HOSTS.prod.status];

export const wholeZone: Scene<EdgeMemory> = {
  name: "whole-zone",
  title: "What the domain says of itself, and what the edge keeps",
  tells:
    "A stranger's resolver asks who may send mail and issue certificates for the domain. A browser asks for the zone's own name, and for what each site has to have. Static files of the app come from the edge the second time; what sets a cookie never does.",
  async play(stage, notes) {
    const question = (name: string, type: string) => ({
      url: `https://cloudflare-dns.com/dns-query?name=${name}&type=${type}`,
      headers: { accept: "application/dns-json" },
    });
    const dns = await stage.visitor.visit(
      question(DOMAIN, "MX"),
      question(DOMAIN, "TXT"),
      question(`_dmarc.${DOMAIN}`, "TXT"),
      question(DOMAIN, "CAA"),
    );
    const [mx = [], txt = [], dmarc = [], caa = []] = dns.map((answer) =>
      Resolved.parse(answer.json()).Answer.map(({ data }) => data),
    );
    notes.keep("What a resolver is told", "json", JSON.stringify({ mx, txt, dmarc, caa }, null, 2));
    notes.expect("Nobody takes mail for the domain: a null MX", mx.join() === "0 .", mx);
    notes.expect("Nobody may send any: SPF refuses all", txt.includes('"v=spf1 -all"'), txt);
    notes.expect(
      "What pretends to be from it is to be rejected: DMARC",
      dmarc.length === 1 && dmarc[0]?.includes("p=reject") === true,
      dmarc,
    );
    notes.expect(
      "Only Cloudflare's authorities may issue certificates: CAA",
      caa.length === 3 && caa.every((data) => /issue "(letsencrypt\.org|pki\.goog|ssl\.com)"/.test(data)),
      caa,
    );
    const dnssec = await stage.api("cloudflare", `/zones/${stage.clouds.cloudflare.zoneId}/dnssec`);
    notes.expect(
      "The zone is signed, as soon as the registrar knows its key",
      z.object({ result: z.object({ status: z.enum(["active", "pending"]) }) }).safeParse(dnssec).success,
      dnssec,
    );

    const [apex, ...files] = await stage.visitor.visit(
      `https://${DOMAIN}/berths?page=2`,
      ...SITES.flatMap((site) => [
        site,
        `${site}/nowhere`,
        `${site}/robots.txt`,
        `${site}/.well-known/security.txt`,
      ]),
    );
    notes.expect(
      "The zone's own name leads to www, with path and query",
      apex?.status === 301 && apex.headers.location === `${HOSTS.prod.www}/berths?page=2`,
      apex,
    );
    notes.expect(
      `Each of ${SITES.length} sites has its page, a page for what is not there, robots.txt and security.txt`,
      files.map(({ status }) => status).join() === SITES.map(() => "200,404,200,200").join(),
      files.map(({ status }) => status),
    );
    const pages = files.filter((_, index) => index % 4 === 0);
    notes.expect(
      "Each has a policy that allows its own files, no framing, and is reached by HTTPS alone",
      pages.every(
        ({ headers }) =>
          headers["content-security-policy"]?.startsWith("default-src 'none'; script-src 'self';") === true &&
          headers["content-security-policy"].includes("frame-ancestors 'none'") &&
          headers["strict-transport-security"] !== undefined,
      ),
      pages.map(({ headers }) => headers),
    );

    const kept: string[] = [];
    for (let time = 0; time < 2; time++)
      for (const { headers } of await stage.visitor.visit(
        `${HOSTS.prod.app}/static/app.css`,
        `${HOSTS.prod.app}/static/with-cookie.css`,
        `${HOSTS.prod.app}/report.pdf`,
      ))
        kept.push(headers["cf-cache-status"] ?? "none");
    notes.expect(
      "A static file comes from the edge the second time",
      kept[0] === "MISS" && kept[3] === "HIT",
      kept,
    );
    notes.expect(
      "An answer with a cookie does not, nor does one that is not static",
      ![kept[4], kept[5]].includes("HIT"),
      kept,
    );
  },
};
