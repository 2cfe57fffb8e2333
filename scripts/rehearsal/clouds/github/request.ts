import type { Context } from "hono";
import type { z } from "zod";
import { ApiError, invalidRequest, notFound } from "./errors.ts";
import { findRepo, type Hub, type Repo, type Variables } from "./hub.ts";

export type RequestContext = Context<{ Variables: Variables }>;

const PAGE_DEFAULT = 30;
const PAGE_MAX = 100;

/** The body, by its schema; 400 for what is no JSON and 422 for what does not fit. */
export async function body<S extends z.ZodType>(c: RequestContext, schema: S): Promise<z.output<S>> {
  const text = await c.req.text();
  let parsed: unknown;
  try {
    parsed = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, "Problems parsing JSON");
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  throw invalidRequest(
    isMissing(parsed, path)
      ? `"${path.join("/")}" wasn't supplied.`
      : `For 'properties/${path.join("/")}', ${issue?.message ?? "is not valid"}.`,
  );
}

function isMissing(value: unknown, path: PropertyKey[]): boolean {
  let at = value;
  for (const key of path) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  return at === undefined;
}

/** A number in the path; anything else is a 404, as GitHub routes no such path. */
export function numberParam(c: RequestContext, name: string): number {
  const text = c.req.param(name) ?? "";
  if (!/^\d{1,16}$/.test(text)) throw notFound();
  return Number(text);
}

export function repoOf(hub: Hub, c: RequestContext): Repo {
  const repo = findRepo(hub, c.req.param("owner") ?? "", c.req.param("repo") ?? "");
  if (!repo) throw notFound();
  return repo;
}

/** The page of `items` that the request asks for, with the Link header on the answer where there is more than one. */
export function page<T>(c: RequestContext, items: T[]): T[] {
  const { number, size } = pageAsked(c);
  linkPages(c, items.length);
  return items.slice((number - 1) * size, number * size);
}

export function pageAsked(c: RequestContext): { number: number; size: number } {
  const asked = Number(c.req.query("per_page") ?? PAGE_DEFAULT);
  const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, PAGE_MAX) : PAGE_DEFAULT;
  const number = Math.max(1, Math.trunc(Number(c.req.query("page") ?? 1)) || 1);
  return { number, size };
}

/** https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api: only the links that lead somewhere. */
export function linkPages(c: RequestContext, total: number): void {
  const { number, size } = pageAsked(c);
  const last = Math.max(1, Math.ceil(total / size));
  const to = (target: number, rel: string): string => {
    const url = new URL(c.req.url);
    url.searchParams.set("page", String(target));
    return `<${url}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [to(Math.min(number - 1, last), "prev")] : []),
    ...(number < last ? [to(number + 1, "next"), to(last, "last")] : []),
    ...(number > 1 ? [to(1, "first")] : []),
  ];
  if (links.length > 0) c.header("link", links.join(", "));
}
