import { z } from "zod";
import { ApiError, type ApiStyle, callApi } from "../call.ts";

/** A JSON object as the API gives it. */
export type Result = { [key: string]: unknown };

/** The calls of one Cloudflare account's token. Paths begin with a slash and come after `/client/v4`. */
export interface Cloudflare {
  /** One call; gives the envelope's `result`. */
  send(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: object): Promise<Result>;
  /** Undefined where the API answers 404. */
  find(path: string): Promise<Result | undefined>;
  /** Every item of a list, page by page. */
  list(path: string): Promise<Result[]>;
  /** Deletes; what is gone already is no error. */
  remove(path: string): Promise<void>;
}

const ErrorEnvelope = z.object({
  errors: z.array(z.object({ code: z.union([z.number(), z.string()]), message: z.string() })).min(1),
});
// Some deletions answer with a word or with nothing.
const One = z.object({ result: z.record(z.string(), z.unknown()).catch({}) });
const Page = z.object({
  result: z.array(z.record(z.string(), z.unknown())),
  result_info: z.object({ total_pages: z.number().nullish() }).nullish(),
});

/**
 * A client of the Cloudflare API that repeats what the official one repeats: no answer at all, 408, 409, 429 and 5xx,
 * twice (https://github.com/cloudflare/cloudflare-go#retries).
 */
export function cloudflareClient(options: {
  baseUrl: string;
  token: string;
  signal: AbortSignal;
}): Cloudflare {
  const style: ApiStyle = {
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
    token: options.token,
    retries: 2,
    backoffMs: 200,
    retry: (outcome) =>
      "network" in outcome || [408, 409, 429].includes(outcome.status) || outcome.status >= 500,
    explain(body) {
      const parsed = ErrorEnvelope.safeParse(body);
      if (!parsed.success) return { code: "", message: "" };
      const { errors } = parsed.data;
      return {
        code: String(errors[0]?.code ?? ""),
        message: errors.map((error) => error.message).join("; "),
      };
    },
    signal: options.signal,
  };
  const send: Cloudflare["send"] = async (method, path, body) =>
    One.parse((await callApi(style, method, path, body)) ?? {}).result;
  const orGone = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
  return {
    send,
    find: (path) => orGone(() => send("GET", path)),
    async list(path) {
      const items: Result[] = [];
      for (let page = 1; ; page++) {
        const { result, result_info } = Page.parse(
          await callApi(style, "GET", `${path}${path.includes("?") ? "&" : "?"}page=${page}&per_page=50`),
        );
        items.push(...result);
        if (page >= (result_info?.total_pages ?? 1)) return items;
      }
    },
    remove: async (path) => void (await orGone(() => send("DELETE", path))),
  };
}
