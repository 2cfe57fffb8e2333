import html from "./page.html";

/** Seconds after which a program should come back; people are told by the page. */
const RETRY_AFTER = 60;

/** The page that stands in for the app while no server answers. Nothing is loaded from anywhere, and nothing runs. */
export async function maintenancePage(asked: URL): Promise<Response> {
  const text = html
    .replaceAll("{{status}}", () => statusPage(asked.hostname))
    .replaceAll("{{here}}", () => escaped(asked.pathname + asked.search));
  return new Response(text, {
    status: 503,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "retry-after": String(RETRY_AFTER),
      "content-security-policy": `default-src 'none'; img-src data:; style-src '${await styleHash()}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-robots-tag": "noindex",
    },
  });
}

/** The status page beside the app: `app-dev.example.com` has `status-dev.example.com`. */
function statusPage(host: string): string {
  const beside = host.replace(/^app(?=[.-])/, "status");
  return /^[a-z0-9.-]+$/.test(beside) ? `https://${beside}/` : "/";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

let hash: Promise<string> | undefined;

/** The page's one style sheet, as a Content-Security-Policy names it. */
function styleHash(): Promise<string> {
  hash ??= (async () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    return `sha256-${new Uint8Array(digest).toBase64()}`;
  })();
  return hash;
}
