import { Problem } from "./problem.ts";

/**
 * CORS headers for a request, after the check that its page may post here: pages of the Worker's own host may, and those
 * that the settings name. Programs send no `Origin`, and a browser that hides it sends `null`; both are let through, as
 * there is no session that a foreign page could abuse.
 *
 * @throws Problem 403
 */
export function corsHeaders(request: Request, allowedOrigins: string[]): Record<string, string> {
  const origin = request.headers.get("origin");
  if (origin === null || origin === "null") return {};
  // Only the host is compared: whoever terminates TLS before the Worker may have changed the scheme.
  if (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host) return {};
  if (!allowedOrigins.some((allowed) => new URL(allowed).origin === origin))
    throw new Problem("origin-not-allowed", "Forms on this site may not post here.");
  return { "access-control-allow-origin": origin, vary: "origin" };
}
