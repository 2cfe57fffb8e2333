import { accept } from "./accept.ts";
import type { Env } from "./env.ts";
import { health } from "./health.ts";
import { log } from "./log.ts";
import { listDeadLetters, purgeDeadLetters, replayDeadLetters, showDeadLetter } from "./operator.ts";
import { corsHeaders } from "./origin.ts";
import { describeProblem, Problem, problemResponse } from "./problem.ts";
import { readSettings } from "./settings.ts";
import { getUpload, grantUpload, putUpload } from "./uploads/uploads.ts";

export { Outbox } from "./outbox/outbox.ts";

type Handler = (request: Request, env: Env, id: string) => Promise<Response>;

/** Path patterns with their methods; the group is the id of a letter or a file, or a problem's code. */
const routes: { path: RegExp; methods: Record<string, Handler> }[] = [
  { path: /^\/intake\/?$/, methods: { POST: accept, OPTIONS: preflight } },
  { path: /^\/intake\/healthz$/, methods: { GET: healthz, HEAD: healthz } },
  { path: /^\/intake\/problems\/([a-z-]{1,40})$/, methods: { GET: describeProblem } },
  { path: /^\/intake\/dead-letters$/, methods: { GET: listDeadLetters } },
  { path: /^\/intake\/dead-letters\/replay$/, methods: { POST: replayDeadLetters } },
  { path: /^\/intake\/dead-letters\/purge$/, methods: { POST: purgeDeadLetters } },
  { path: /^\/intake\/dead-letters\/([\w-]{1,64})$/, methods: { GET: showDeadLetter } },
  { path: /^\/intake\/uploads$/, methods: { POST: grantUpload, OPTIONS: preflight } },
  {
    path: /^\/intake\/uploads\/([\w-]{1,64})$/,
    methods: { PUT: putUpload, GET: getUpload, OPTIONS: preflight },
  },
];

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return await route(request, env);
    } catch (error) {
      if (error instanceof Problem) return problemResponse(error, request);
      log("bug", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      return problemResponse(new Problem("bug", "Something went wrong on our side."), request);
    }
  },
} satisfies ExportedHandler<Env>;

async function route(request: Request, env: Env): Promise<Response> {
  const { pathname } = new URL(request.url);
  for (const { path, methods } of routes) {
    const match = path.exec(pathname);
    if (!match) continue;
    const handler = methods[request.method];
    if (handler) return handler(request, env, match[1] ?? "");
    const allow = Object.keys(methods).join(", ");
    throw new Problem("method-not-allowed", `Only ${allow} can be used here.`, { headers: { allow } });
  }
  throw new Problem("not-found", "There is nothing here.");
}

async function preflight(request: Request, env: Env): Promise<Response> {
  const { settings } = await readSettings(env.INTAKE_SETTINGS);
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "POST, PUT",
      "access-control-allow-headers": "content-type, idempotency-key",
      "access-control-max-age": "600",
      ...corsHeaders(request, settings.allowedOrigins),
    },
  });
}

async function healthz(_request: Request, env: Env): Promise<Response> {
  const report = await health(env, Date.now());
  return Response.json(report, {
    status: report.status === "down" ? 503 : 200,
    // Public: the status page of any host reads it.
    headers: { "cache-control": "no-store", "access-control-allow-origin": "*" },
  });
}
