import type { Env } from "./env.ts";
import { probeAll } from "./history/parts.ts";
import { readHistory, remember } from "./history/store.ts";
import { passOn } from "./maintenance/pass-on.ts";

/** Whoever asks may read these: they say no more than a visitor finds out. */
const PUBLIC = { "access-control-allow-origin": "*" };

/** What this Worker answers itself, by path; all else belongs to the app behind it. */
const routes: Record<string, (env: Env) => Promise<Response>> = {
  "/watch/healthz": async (env) =>
    Response.json(
      { status: "ok", stack: env.STACK, version: env.VERSION.id },
      { headers: { ...PUBLIC, "cache-control": "no-store" } },
    ),
  "/watch/history": async (env) =>
    Response.json(await readHistory(env.WATCH_HISTORY), {
      headers: { ...PUBLIC, "cache-control": "public, max-age=60" },
    }),
};

export default {
  async fetch(request, env, context): Promise<Response> {
    // Whatever goes wrong in here, the visitor reaches the app.
    context.passThroughOnException();
    const answer = request.method === "GET" ? routes[new URL(request.url).pathname] : undefined;
    return answer ? answer(env) : passOn(request);
  },
  async scheduled(event, env): Promise<void> {
    await remember(env.WATCH_HISTORY, await probeAll(env), new Date(event.scheduledTime));
  },
} satisfies ExportedHandler<Env>;
