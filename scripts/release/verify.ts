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
  /** Whether a wrong answer will stay wrong, so that nobody needs to wait for another. */
  isFinal?(body: string): boolean;
}

export interface CheckResult {
  part: string;
  url: string;
  ok: boolean;
  /** What the last answer lacked. */
  problem?: string;
  seconds: number;
}

/** The report of a server's agent: infra/machine/usr/local/lib/quayside/agent.py. */
const ServerRelease = z.looseObject({
  machine: z.string().nullish(),
  release: z.string().nullish(),
  image: z.string().nullish(),
  healthy: z.boolean().nullish(),
  lastError: z.string().nullish(),
  attempt: z
    .looseObject({
      image: z.string().nullish(),
      step: z.string().nullish(),
      outcome: z.string().nullish(),
      final: z.boolean().nullish(),
    })
    .nullish(),
});
const SiteStamp = z.looseObject({ release: z.string(), stack: z.string() });
const WorkerHealth = z.looseObject({ version: z.string().nullish() });

/** What must be true from outside once a release is live. */
export function checksOf(manifest: ReleaseManifest, outputs: StackOutputs): Check[] {
  const servers = outputs.servers.map(
    (server): Check => ({
      part: server.name,
      url: `https://${server.healthHostname}/_release`,
      judge: json(ServerRelease, (answer) => judgeServer(answer, manifest.image, server.id)),
      isFinal: (body) => hasGivenUp(body, manifest.image),
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
  // Below its own name, whatever its routes are.
  const host = outputs.workers[name]?.routes[0]?.split("/")[0];
  if (!host) return undefined;
  return {
    part: `workers/${name}`,
    url: `https://${host}/${name}/healthz`,
    judge: json(WorkerHealth, (answer) =>
      !answer.version || answer.version === versionId ? undefined : `runs version ${answer.version}`,
    ),
  };
}

/**
 * Whether a server runs an app that is healthy, of whatever release.
 *
 * @param server with an `id`, only that machine counts, and none that has or had the same addresses
 */
export function serverUp({
  name,
  id,
  healthHostname,
}: {
  name: string;
  id?: string;
  healthHostname: string;
}): Check {
  return {
    part: name,
    url: `https://${healthHostname}/_release`,
    judge: json(ServerRelease, (answer) => judgeServer(answer, answer.image || "none", id)),
  };
}

function judgeServer(
  { machine, image, healthy, lastError, attempt }: z.infer<typeof ServerRelease>,
  wanted: string,
  id: string | undefined,
): string | undefined {
  // On its way out, it still has the addresses that its successor gets.
  if (id !== undefined && machine && machine !== id) return `is still the machine ${machine}`;
  if (image === wanted) return healthy === false ? "runs it, and the app is not healthy" : undefined;
  const running = attempt?.image === wanted && attempt.outcome === "running";
  const now = running && attempt.step ? `; at the step ${attempt.step}` : "";
  const why = !running && lastError ? `; its last attempt: ${lastError}` : "";
  return `runs ${image ?? "nothing yet"}${now}${why}`;
}

/** Whether a server says that it has tried this image and will not try again. */
function hasGivenUp(body: string, image: string): boolean {
  try {
    const { attempt } = ServerRelease.parse(JSON.parse(body));
    return attempt?.image === image && attempt.outcome === "failed" && attempt.final === true;
  } catch {
    return false;
  }
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
  options: {
    limitMs: number;
    signal?: AbortSignal;
    /** `waiting` says of one part that is not right yet what is wrong with it. */
    onProgress?: (right: number, of: number, waiting?: string) => void;
  },
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
          const answer = await ask(check, options.signal);
          problem = answer.problem;
          if (problem === undefined || answer.final || options.signal?.aborted) break;
          if (elapsed() + pause > options.limitMs) break;
          options.onProgress?.(right, checks.length, `${check.part} ${problem}`);
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
  return (await ask(check, signal)).problem;
}

async function ask(check: Check, signal?: AbortSignal): Promise<{ problem?: string; final?: boolean }> {
  const timeout = AbortSignal.timeout(10_000);
  try {
    const response = await fetch(check.url, {
      redirect: "manual",
      headers: { "cache-control": "no-cache", ...check.headers },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const body = await response.text();
    const problem = check.judge(response.status, body);
    return problem === undefined ? {} : { problem, final: check.isFinal?.(body) ?? false };
  } catch (error) {
    return { problem: `does not answer (${reasonOf(error)})` };
  }
}
