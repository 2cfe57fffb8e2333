import type { Context } from "hono";
import { z } from "zod";
import { DopplerError } from "./error.ts";

/** The request's body by a schema; an empty body is `{}`. @throws DopplerError 400 */
export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const text = await context.req.text();
  let json: unknown;
  try {
    json = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new DopplerError(400, "Invalid JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new DopplerError(400, z.prettifyError(parsed.error).replaceAll("\n", " "));
  return parsed.data;
}

/** One page of a list by `page` and `per_page` (default 20). */
export function pageOf<T>(context: Context, all: T[]): { page: number; items: T[] } {
  const number = (name: string, fallback: number) => {
    const value = Number(context.req.query(name) ?? fallback);
    if (!Number.isInteger(value) || value < 1) throw new DopplerError(400, `Invalid ${name}`);
    return value;
  };
  const page = number("page", 1);
  const perPage = number("per_page", 20);
  return { page, items: all.slice((page - 1) * perPage, page * perPage) };
}

export const Slug = z
  .string()
  .regex(/^[a-z0-9_-]{1,60}$/, "may only hold lowercase letters, digits, - and _");
