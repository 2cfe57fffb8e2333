import type { Context } from "hono";
import { z } from "zod";
import { NeonError } from "./error.ts";

/** The request's body by a schema; an empty body is `{}`. @throws NeonError 400 */
export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const text = await context.req.text();
  let json: unknown;
  try {
    json = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new NeonError(400, "invalid request: body is not valid JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new NeonError(400, `invalid request: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  return parsed.data;
}

export const Name = z.string().min(1).max(256);
/** Compute units. */
export const Cu = z.number().min(0.25).max(56);

/** One page of a list by a cursor, which is the last element's id. */
export function pageOf<T extends { id: string }>(
  context: Context,
  all: T[],
  defaultLimit: number,
): { page: T[]; next: string | undefined; last: string | undefined } {
  const limit = Number(context.req.query("limit") ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new NeonError(400, "invalid request: limit must be a positive number");
  const cursor = context.req.query("cursor");
  const after = cursor ? all.findIndex((each) => each.id === cursor) : -1;
  if (cursor && after === -1) throw new NeonError(400, "invalid request: cursor is not valid");
  const page = all.slice(after + 1, after + 1 + limit);
  const last = page.at(-1)?.id;
  return { page, last, next: after + 1 + limit < all.length ? last : undefined };
}
