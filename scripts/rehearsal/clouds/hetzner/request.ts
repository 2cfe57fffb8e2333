import type { Context } from "hono";
import { z } from "zod";
import { HetznerError, invalidFields } from "./error.ts";

/**
 * The request's body by a schema. An empty body is `{}`, as for the actions that take none.
 *
 * @throws HetznerError `json_error` for what is no JSON, `invalid_input` with all wrong fields
 */
export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const text = await context.req.text();
  let json: unknown;
  try {
    json = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new HetznerError("json_error", "Invalid JSON input in your request");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw invalidFields(parsed.error);
  return parsed.data;
}

/** The id in the path. What is no number is no resource either. */
export function pathId(context: Context, name = "id"): number {
  const id = Number(context.req.param(name));
  if (!Number.isSafeInteger(id)) throw new HetznerError("not_found", "the requested resource was not found");
  return id;
}

/** Names of resources that are not host names. */
export const Name = z.string().min(1, "is too short").max(64, "is too long");

export const Id = z.number().int().positive();
export const IdOrName = z.union([z.string().min(1), z.number().int()]);
export const Protection = z.object({ delete: z.boolean().optional() });
