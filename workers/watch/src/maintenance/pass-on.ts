import { maintenancePage } from "./page.ts";

/**
 * The answers that mean that no server, or no app on it, was reached: 502 to 504 from the proxy on the server, 520 and
 * above from Cloudflare (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/).
 * A 500 is the app's own, and passes.
 */
const NOBODY_THERE = new Set([502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530]);

/** Passes a request on to the app, and its answer back; a person who asks for a page while nobody is there gets ours. */
export async function passOn(request: Request): Promise<Response> {
  if (!asksForPage(request)) return fetch(request);
  const answer = await fetch(request).catch(() => undefined);
  if (answer && !NOBODY_THERE.has(answer.status)) return answer;
  await answer?.body?.cancel();
  return maintenancePage(new URL(request.url));
}

function asksForPage({ method, headers }: Request): boolean {
  return (method === "GET" || method === "HEAD") && (headers.get("accept") ?? "").includes("text/html");
}
