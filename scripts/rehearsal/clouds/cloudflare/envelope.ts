import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";

/** One error of Cloudflare's envelope (https://developers.cloudflare.com/fundamentals/api/reference/). */
export interface CloudflareError {
  code: number;
  message: string;
  error_chain?: CloudflareError[];
}

/** Thrown by any handler; the app answers it in Cloudflare's envelope. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly errors: CloudflareError[];

  constructor(status: ContentfulStatusCode, code: number, message: string, chain?: CloudflareError[]) {
    super(message);
    this.status = status;
    this.errors = [{ code, message, ...(chain ? { error_chain: chain } : {}) }];
  }
}

export interface ResultInfo {
  page?: number;
  per_page?: number;
  count?: number;
  total_count?: number;
  total_pages?: number;
  cursor?: string;
  cursors?: { after?: string };
}

/** The body of every successful answer. */
export function ok(c: Context, result: unknown, info?: ResultInfo): Response {
  return c.json({ success: true, errors: [], messages: [], result, ...(info ? { result_info: info } : {}) });
}

export function failure(status: number, errors: CloudflareError[]): Response {
  return Response.json({ success: false, errors, messages: [], result: null }, { status });
}

/** Answers one page of a list by the `page` and `per_page` of the query. */
export function page(c: Context, all: unknown[], defaultSize = 20, maxSize = 1000): Response {
  const size = Math.min(Math.max(Number(c.req.query("per_page")) || defaultSize, 1), maxSize);
  const number = Math.max(Number(c.req.query("page")) || 1, 1);
  const items = all.slice((number - 1) * size, number * size);
  return ok(c, items, {
    page: number,
    per_page: size,
    count: items.length,
    total_count: all.length,
    total_pages: Math.ceil(all.length / size),
  });
}

/** The JSON body, checked; Cloudflare answers 400 for one that is not JSON or has the wrong shape. */
export async function body<S extends z.ZodType>(c: Context, schema: S, code = 1004): Promise<z.infer<S>> {
  let json: unknown;
  try {
    json = JSON.parse((await c.req.text()) || "{}");
  } catch {
    throw new ApiError(400, 9207, "Request body is invalid. Failed to parse JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new ApiError(400, code, `Invalid request body: ${first?.path.join(".")}: ${first?.message}`);
  }
  return parsed.data;
}

/** A path parameter that the route's own pattern guarantees. */
export function param(c: Context, name: string): string {
  const value = c.req.param(name);
  if (value === undefined) throw new Error(`route has no parameter ${name}`);
  return value;
}
