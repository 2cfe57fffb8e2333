import { setTimeout as delay } from "node:timers/promises";
import { Octokit } from "@octokit/core";
import { type PaginateInterface, paginateRest } from "@octokit/plugin-paginate-rest";
import { z } from "zod";
import { GithubRefusal, type RefusalKind, type RefusedCall } from "./refusal.ts";

export interface RepositoryName {
  owner: string;
  name: string;
}

/** A repository at GitHub, as the functions of this folder need it. */
export interface Github {
  repository: RepositoryName;
  /** The two parameters that every route of a repository has. */
  at: { owner: string; repo: string };
  request: Octokit["request"];
  paginate: PaginateInterface;
  /** Waits; a parameter so that tests need not. */
  sleep(ms: number): Promise<void>;
}

export interface Patience {
  /** How often one call is made at most. */
  tries: number;
  /** The longest single wait, in milliseconds; a limit that lasts longer ends the call at once. */
  maxWaitMs: number;
  /** How long one answer may take, in milliseconds. */
  timeoutMs: number;
  sleep(ms: number): Promise<void>;
  now(): number;
}

const PATIENCE: Patience = {
  tries: 4,
  // GitHub's secondary limit mostly asks for one minute.
  maxWaitMs: 90_000,
  timeoutMs: 30_000,
  sleep: (ms) => delay(ms),
  now: () => Date.now(),
};
const FIRST_BACKOFF_MS = 500;
const UNTOLD_WAIT_MS = 60_000;

const Client = Octokit.plugin(paginateRest);

/**
 * Connects to one repository. Made of Octokit's core and its pagination alone: they load in a tenth of the time of
 * `@actions/github` (12 ms against 110 ms), which every start of the CLI would pay.
 *
 * Calls wait and try again as GitHub asks (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api):
 * after `retry-after`, or when the hour is over, and after a failure of the server if the call can be repeated without
 * harm. A call that fails in the end throws a {@link GithubRefusal}.
 *
 * @param apiUrl `GITHUB_API_URL`, `https://api.github.com`
 */
export function connect(
  token: string,
  repository: RepositoryName,
  apiUrl: string,
  patience: Partial<Patience> = {},
): Github {
  const rules = { ...PATIENCE, ...patience };
  const octokit = new Client({ auth: token, baseUrl: apiUrl.replace(/\/$/, ""), userAgent: "quayside" });
  octokit.hook.wrap("request", async (request, options) => {
    for (let attempt = 1; ; attempt++) {
      try {
        // In place: Octokit's own hook for the token goes on with the very object that this one was given.
        options.request = { ...options.request, signal: AbortSignal.timeout(rules.timeoutMs) };
        return await request(options);
      } catch (error) {
        const failure = readFailure(error, rules.now());
        if (!failure) throw error;
        const repeatable = options.method !== "POST" || options.request?.repeatable === true;
        const wait =
          failure.kind === "rate-limited"
            ? failure.waitMs
            : failure.kind === "unavailable" && repeatable
              ? FIRST_BACKOFF_MS * 2 ** (attempt - 1)
              : undefined;
        if (wait === undefined || wait > rules.maxWaitMs || attempt >= rules.tries)
          throw refusal(failure, options.method, options.url, error);
        await rules.sleep(wait);
      }
    }
  });
  return {
    repository,
    at: { owner: repository.owner, repo: repository.name },
    request: octokit.request,
    paginate: octokit.paginate,
    sleep: rules.sleep,
  };
}

const FieldErrors = z.array(
  z.union([
    z.string(),
    z.looseObject({
      resource: z.string().optional(),
      field: z.string().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ]),
);
/** Octokit's RequestError; recognized by its shape, as a class may be there twice in node_modules. */
const Thrown = z.object({
  name: z.enum(["HttpError", "AbortError", "TimeoutError", "RequestError"]),
  status: z.number().optional(),
  message: z.string(),
  request: z.object({ method: z.string(), url: z.string() }).optional(),
  response: z
    .object({
      headers: z.record(z.string(), z.unknown()),
      data: z.unknown(),
    })
    .optional(),
});

interface Failure {
  kind: RefusalKind;
  status: number | undefined;
  message: string;
  url: string | undefined;
  acceptedPermissions: string | undefined;
  waitMs: number | undefined;
}

function readFailure(error: unknown, now: number): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const parsed = Thrown.safeParse({
    name: error.name,
    message: error.message,
    status: Reflect.get(error, "status"),
    request: Reflect.get(error, "request"),
    response: Reflect.get(error, "response"),
  });
  if (!parsed.success) return undefined;
  const { status, message, request, response } = parsed.data;
  // Octokit gives a lost connection the status 500; what tells them apart is that there was no response.
  const answered = response ? status : undefined;
  const header = (name: string): string | undefined => {
    const value = response?.headers[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  };
  const said = saidBy(response?.data) ?? message;
  const waitMs = limitWait(answered, said, header, now);
  return {
    kind: waitMs === undefined ? kindOf(answered) : "rate-limited",
    status: answered,
    message: said,
    url: request?.url,
    acceptedPermissions: header("x-accepted-github-permissions"),
    waitMs,
  };
}

/** How long a rate limit asks to wait, in milliseconds; undefined if the answer is about something else. */
function limitWait(
  status: number | undefined,
  message: string,
  header: (name: string) => string | undefined,
  now: number,
): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const retryAfter = header("retry-after");
  if (retryAfter !== undefined && /^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  // The last call of an hour may be refused for another reason; the message tells them apart.
  const limited = status === 429 || /rate limit/i.test(message);
  if (limited && header("x-ratelimit-remaining") === "0")
    return Math.max(1000, Number(header("x-ratelimit-reset") ?? 0) * 1000 - now);
  return limited ? UNTOLD_WAIT_MS : undefined;
}

function kindOf(status: number | undefined): RefusalKind {
  if (status === undefined || status >= 500 || status === 408) return "unavailable";
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "not-found";
  if (status === 409 || status === 405 || status === 412) return "conflict";
  return "unprocessable";
}

function saidBy(data: unknown): string | undefined {
  const parsed = z.looseObject({ message: z.string(), errors: FieldErrors.optional() }).safeParse(data);
  if (!parsed.success) return undefined;
  const details = (parsed.data.errors ?? []).map((error) =>
    typeof error === "string"
      ? error
      : (error.message ?? [error.resource, error.field, error.code].filter(Boolean).join(" ")),
  );
  return [parsed.data.message, ...details].join("; ");
}

function refusal(failure: Failure, method: string, route: string, cause: unknown): GithubRefusal {
  const call: RefusedCall = {
    method,
    path: failure.url && URL.canParse(failure.url) ? new URL(failure.url).pathname : route,
    status: failure.status,
    message: failure.message,
    acceptedPermissions: failure.acceptedPermissions,
    waitSeconds: failure.waitMs === undefined ? undefined : failure.waitMs / 1000,
  };
  return new GithubRefusal(failure.kind, call, { cause });
}
