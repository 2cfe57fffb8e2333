import type { Visit } from "./visit.ts";

/** Cloudflare's own errors that the edge can answer (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/). */
const ERRORS = {
  520: { status: 520, title: "Web server is returning an unknown error", who: "host" },
  521: { status: 521, title: "Web server is down", who: "host" },
  522: { status: 522, title: "Connection timed out", who: "host" },
  1001: { status: 530, title: "DNS resolution error", who: "cloudflare" },
  1003: { status: 403, title: "Direct IP access not allowed", who: "you" },
  1015: { status: 429, title: "You are being rate limited", who: "you" },
  1016: { status: 530, title: "Origin DNS error", who: "host" },
  1020: { status: 403, title: "Access denied", who: "you" },
  1033: { status: 530, title: "Argo Tunnel error", who: "host" },
  1042: { status: 404, title: "Worker not found", who: "host" },
  1101: { status: 500, title: "Worker threw exception", who: "host" },
} as const;
export type EdgeError = keyof typeof ERRORS;

/** The error page that a visitor sees, with Cloudflare's status for it. */
export function errorPage(code: EdgeError, visit: Visit, ray: string): Response {
  const { status, title } = ERRORS[code];
  const host = escapeHtml(visit.url.hostname);
  const html = `<!DOCTYPE html>
<html lang="en-US"><head><title>${host} | ${code}: ${title}</title><meta charset="UTF-8"></head>
<body><div id="cf-wrapper"><div id="cf-error-details">
<h1><span>${title}</span> <span>Error code ${code}</span></h1>
<p>${host}</p>
<p>Ray ID: <strong>${ray}</strong> &bull; Your IP: ${escapeHtml(visit.ip)} &bull; Performance &amp; security by Cloudflare</p>
</div></div></body></html>
`;
  return new Response(html, {
    status,
    headers: { "content-type": "text/html; charset=UTF-8", "cache-control": "private, no-store" },
  });
}

/** The page of a block by a firewall rule, which has no error number but the words "you have been blocked". */
export function blockPage(visit: Visit, ray: string): Response {
  const html = `<!DOCTYPE html>
<html lang="en-US"><head><title>Attention Required! | Cloudflare</title><meta charset="UTF-8"></head>
<body><h1>Sorry, you have been blocked</h1><h2>You are unable to access ${escapeHtml(visit.url.hostname)}</h2>
<p>Cloudflare Ray ID: <strong>${ray}</strong> &bull; Error code 1020 &bull; Your IP: ${escapeHtml(visit.ip)}</p></body></html>
`;
  return new Response(html, {
    status: 403,
    headers: { "content-type": "text/html; charset=UTF-8", "cache-control": "private, no-store" },
  });
}

/** The interstitial of a challenge: a script without a browser gets 403 and `cf-mitigated: challenge`. */
export function challengePage(visit: Visit, ray: string): Response {
  const html = `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title><meta charset="UTF-8"></head>
<body><h1>${escapeHtml(visit.url.hostname)}</h1><p>Verifying you are human.</p><p>Ray ID: <code>${ray}</code></p></body></html>
`;
  return new Response(html, {
    status: 403,
    headers: {
      "content-type": "text/html; charset=UTF-8",
      "cache-control": "private, no-store",
      "cf-mitigated": "challenge",
    },
  });
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
