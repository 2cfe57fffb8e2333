import { setTimeout as delay } from "node:timers/promises";
import pLimit from "p-limit";
import { z } from "zod";
import type { StackOutputs } from "../../infra/src/outputs.ts";
import { reasonOf } from "../providers/request.ts";
import type { ReleaseManifest } from "./manifest.ts";

/** One question to the outside: does this address answer, and with what it should? */
export interface Check {
  /** `server1`, `sites/www`, `workers/intake`. */
  part: string;
  url: string;
  /** Besides the ones that every question has. */
  headers?: Record<string, string>;
  /** Undefined when the answer is right, else what is wrong with it. */
  judge(status: number, body: string): string | undefined;
}

export interface CheckResult {
  part: string;
  url: string;
  ok: boolean;
  /** What the last answer lacked. */
  problem?: string;
  seconds: number;
}

const ServerRelease = z.looseObject({
  release: z.string().nullish(),
  image: z.string().nullish(),
  lastError: z.string().nullish(),
});
const SiteStamp = z.looseObject({ release: z.string(), stack: z.string() });
const WorkerHealth = z.looseObject({ version: z.string().nullish() });

/** What must be true from outside once a release is live. */
export function checksOf(manifest: ReleaseManifest, outputs: StackOutputs): Check[] {
  const servers = outputs.servers.map(
    (server): Check => ({
      part: server.name,
      url: `https://${server.healthHostname}/_release`,
      judge: json(ServerRelease, (answer) =>
        answer.image === manifest.image
          ? undefined
          : `runs ${answer.image ?? "nothing yet"}${answer.lastError ? `; its last attempt: ${answer.lastError}` : ""}`,
      ),
    }),
  );
  const sites = Object.keys(manifest.sites).flatMap((name): Check[] => {
    const site = outputs.sites[name];
    if (!site) return [];
    return [
      {
        part: `sites/${name}`,
        url: `${site.url}/release.json`,
        judge: json(SiteStamp, (answer) =>
          answer.stack === manifest.stack ? undefined : `belongs to ${answer.stack}`,
        ),
      },
    ];
  });
  const workers = Object.entries(manifest.workers).flatMap(
    ([name, { versionId }]) => workerCheck(name, versionId, outputs) ?? [],
  );
  return [...servers, ...sites, ...workers];
}

/** What a version of a Worker must answer; undefined for a Worker that no route leads to. */
export function workerCheck(name: string, versionId: string, outputs: StackOutputs): Check | undefined {
  const route = outputs.workers[name]?.routes[0];
  if (!route) return undefined;
  return {
    part: `workers/${name}`,
    url: `https://${route.replace(/\*$/, "").replace(/\/$/, "")}/healthz`,
    judge: json(WorkerHealth, (answer) =>
      !answer.version || answer.version === versionId ? undefined : `runs version ${answer.version}`,
    ),
  };
}

function json<T>(schema: z.ZodType<T>, judge: (answer: T) => string | undefined): Check["judge"] {
  return (status, body) => {
    if (status !== 200) return `answers ${status}`;
    try {
      const parsed = schema.safeParse(JSON.parse(body));
      return parsed.success ? judge(parsed.data) : "answers JSON of another shape";
    } catch {
      return "answers no JSON";
    }
  };
}

/**
 * Asks every address until it answers right or the time is over. Never throws for a wrong answer: the results say what
 * is wrong with which part. Throws the signal's reason when it is interrupted before all answer right.
 *
 * @param limitMs how long a part may take until it must answer right
 */
export async function verify(
  checks: readonly Check[],
  options: { limitMs: number; signal?: AbortSignal; onProgress?: (right: number, of: number) => void },
): Promise<CheckResult[]> {
  let right = 0;
  const limit = pLimit(12);
  const results = await Promise.all(
    checks.map((check) =>
      limit(async () => {
        const started = performance.now();
        const elapsed = () => performance.now() - started;
        let problem: string | undefined = "was not asked";
        for (let pause = 100; ; pause = Math.min(pause * 1.5, 3000)) {
          problem = await askOnce(check, options.signal);
          if (problem === undefined || elapsed() + pause > options.limitMs || options.signal?.aborted) break;
          // Cut short when the run is interrupted; the loop ends then.
          await delay(pause, undefined, { signal: options.signal }).catch(() => undefined);
        }
        if (problem === undefined) options.onProgress?.(++right, checks.length);
        return {
          part: check.part,
          url: check.url,
          ok: problem === undefined,
          problem,
          seconds: elapsed() / 1000,
        };
      }),
    ),
  );
  if (results.some(({ ok }) => !ok)) options.signal?.throwIfAborted();
  return results;
}

/** Asks one address once: what is wrong with the answer, undefined where it is right. */
export async function askOnce(check: Check, signal?: AbortSignal): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(10_000);
  try {
    const response = await fetch(check.url, {
      redirect: "manual",
      headers: { "cache-control": "no-cache", ...check.headers },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return check.judge(response.status, await response.text());
  } catch (error) {
    return `does not answer (${reasonOf(error)})`;
  }
}
