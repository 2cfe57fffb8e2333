import { z } from "zod";
import { ApiError, type ApiStyle, callApi, pause } from "../call.ts";

export const Action = z.object({
  id: z.number(),
  status: z.enum(["running", "success", "error"]),
  command: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});
export type Action = z.infer<typeof Action>;
const OneAction = z.object({ action: Action });
const SomeActions = z.object({
  action: Action.nullish(),
  actions: z.array(Action).nullish(),
  next_actions: z.array(Action).nullish(),
});

/** The calls of one Hetzner Cloud project. Paths begin with a slash and come after `/v1`. */
export interface Hetzner {
  get<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  /** Undefined where the API says `not_found`. */
  find<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined>;
  post<T>(path: string, body: object, shape: z.ZodType<T>): Promise<T>;
  put(path: string, body: object): Promise<void>;
  /** An action of a resource (`POST …/actions/…`), waited for to its end; `again` names codes that are worth another try. */
  act(path: string, body?: object, again?: string[]): Promise<void>;
  /** Deletes, and waits for the action where there is one. What is gone already is no error. */
  remove(path: string, again?: string[]): Promise<void>;
  /** Waits until the actions are done; throws the first one's error. */
  settle(...actions: (Action | null | undefined)[]): Promise<void>;
}

const ErrorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** How long, in all, a call is tried again whose resource is busy with another action. */
const BUSY_TRIES = 100;
const BUSY_WAIT_MS = 100;

/**
 * A client of the Hetzner Cloud API that repeats what the official one repeats: `conflict`, `rate_limit_exceeded`, and
 * gateway errors, five times (https://pkg.go.dev/github.com/hetznercloud/hcloud-go/v2/hcloud#hdr-Retry_mechanism).
 * `pollMs` is the longest wait between two looks at an action.
 */
export function hetznerClient(options: {
  endpoint: string;
  token: string;
  pollMs: number;
  signal: AbortSignal;
}): Hetzner {
  const style: ApiStyle = {
    baseUrl: options.endpoint.replace(/\/+$/, ""),
    token: options.token,
    retries: 5,
    backoffMs: 100,
    retry: (outcome) =>
      "status" in outcome && ([429, 502, 503, 504].includes(outcome.status) || outcome.code === "conflict"),
    explain(body) {
      const parsed = ErrorBody.safeParse(body);
      return parsed.success ? parsed.data.error : { code: "", message: "" };
    },
    signal: options.signal,
  };

  const whileBusy = async (codes: string[], work: () => Promise<unknown>): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || !codes.includes(error.code) || attempt >= BUSY_TRIES) throw error;
        await pause(BUSY_WAIT_MS, options.signal);
      }
    }
  };

  const settleOne = async (action: Action | null | undefined): Promise<void> => {
    let current = action;
    for (let wait = 50; current?.status === "running"; wait = Math.min(wait * 2, options.pollMs)) {
      await pause(wait, options.signal);
      current = OneAction.parse(await callApi(style, "GET", `/actions/${current.id}`)).action;
    }
    if (current?.status === "error") {
      const { code, message } = current.error ?? { code: "unknown", message: "no reason given" };
      throw new Error(`action ${current.command} (${current.id}) ended with ${code}: ${message}`);
    }
  };
  const settle = async (...actions: (Action | null | undefined)[]): Promise<void> => {
    await Promise.all(actions.map(settleOne));
  };
  const settleAll = async (body: unknown): Promise<void> => {
    const found = SomeActions.safeParse(body);
    if (found.success) {
      const { action, actions, next_actions } = found.data;
      await settle(action, ...(actions ?? []), ...(next_actions ?? []));
    }
  };

  return {
    get: async (path, shape) => shape.parse(await callApi(style, "GET", path)),
    find: async (path, shape) => {
      try {
        return shape.parse(await callApi(style, "GET", path));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    post: async (path, body, shape) => shape.parse(await callApi(style, "POST", path, body)),
    put: async (path, body) => void (await callApi(style, "PUT", path, body)),
    act: async (path, body = {}, again = []) =>
      settleAll(await whileBusy(["locked", ...again], () => callApi(style, "POST", path, body))),
    remove: async (path, again = []) => {
      try {
        await settleAll(await whileBusy(["locked", ...again], () => callApi(style, "DELETE", path)));
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
    },
    settle,
  };
}
