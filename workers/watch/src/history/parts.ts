import type { Env } from "../env.ts";
import type { Probe } from "./history.ts";

const TIMEOUT_MS = 10_000;

/** The parts that are asked, by the names that the status page gives them. */
const PARTS: { name: string; ask(env: Env, signal: AbortSignal): Promise<Response> }[] = [
  { name: "Application", ask: (env, signal) => fetch(`${env.BACKEND_URL}/_release`, { signal }) },
  {
    name: "Intake",
    ask: (env, signal) => env.INTAKE.fetch(`https://${hostBeside(env, "www")}/intake/healthz`, { signal }),
  },
  {
    name: "Website",
    ask: (env, signal) => fetch(`https://${hostBeside(env, "www")}/release.json`, { signal }),
  },
];

/** Asks every part at once, as a visitor would. Never throws. */
export function probeAll(env: Env): Promise<Probe[]> {
  return Promise.all(
    PARTS.map(async ({ name, ask }): Promise<Probe> => {
      try {
        const answer = await ask(env, AbortSignal.timeout(TIMEOUT_MS));
        await answer.body?.cancel();
        if (answer.ok) return { part: name, ok: true };
        return { part: name, ok: false, why: `It answered with the error ${answer.status}.` };
      } catch (error) {
        const late = error instanceof Error && error.name === "TimeoutError";
        const why = late ? `Nothing came back within ${TIMEOUT_MS / 1000} seconds.` : "Nothing came back.";
        return { part: name, ok: false, why };
      }
    }),
  );
}

/** Another host of the stack: beside `app-dev.example.com` is `www-dev.example.com`. */
function hostBeside({ BACKEND_URL }: Env, label: string): string {
  return new URL(BACKEND_URL).hostname.replace(/^app(?=[.-])/, label);
}
