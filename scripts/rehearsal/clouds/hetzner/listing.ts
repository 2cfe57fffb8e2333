import type { Context } from "hono";
import { invalidInput } from "./error.ts";
import { type Labels, labelSelector } from "./labels.ts";

interface Listed {
  id: number;
  name?: string | null;
  created?: string;
  labels?: Labels;
}

const DEFAULT_PER_PAGE = 25;
const MAX_PER_PAGE = 50;

/**
 * Answers a list call: the filters `name` and `label_selector`, `sort`, and pages
 * (https://docs.hetzner.cloud/reference/cloud#pagination), with the same in a Link header.
 */
export function listResponse<T extends Listed>(
  context: Context,
  key: string,
  documents: T[],
  view: (document: T) => unknown,
): Response {
  const matches = documents.filter(matcher(context)).sort(order(context));
  const page = wholeNumber(context, "page", 1);
  const perPage = Math.min(wholeNumber(context, "per_page", DEFAULT_PER_PAGE), MAX_PER_PAGE);
  const lastPage = Math.max(1, Math.ceil(matches.length / perPage));
  const previousPage = page > 1 ? page - 1 : null;
  const nextPage = page < lastPage ? page + 1 : null;
  const body = {
    [key]: matches.slice((page - 1) * perPage, page * perPage).map(view),
    meta: {
      pagination: {
        page,
        per_page: perPage,
        previous_page: previousPage,
        next_page: nextPage,
        last_page: lastPage,
        total_entries: matches.length,
      },
    },
  };
  const link = (target: number, relation: string) => {
    const url = new URL(context.req.url);
    url.searchParams.set("page", String(target));
    return `<${url}>; rel=${relation}`;
  };
  const links = [
    ...(previousPage ? [link(previousPage, "prev")] : []),
    ...(nextPage ? [link(nextPage, "next")] : []),
    link(lastPage, "last"),
  ];
  return context.json(body, 200, { link: links.join(", ") });
}

function matcher(context: Context): (document: Listed) => boolean {
  const name = context.req.query("name");
  const selector = context.req.query("label_selector");
  const fits = selector ? labelSelector(selector) : () => true;
  return (document) => (name === undefined || document.name === name) && fits(document.labels ?? {});
}

const SORT_KEYS = ["id", "name", "created", "command", "status", "started", "finished"] as const;

function order(context: Context): (a: Listed, b: Listed) => number {
  const wanted = (context.req.queries("sort") ?? []).map((text) => {
    const [key = "", direction = "asc"] = text.split(":");
    if (!SORT_KEYS.some((each) => each === key) || !/^(asc|desc)$/.test(direction))
      throw invalidInput("sort", "is not a valid sort value");
    return { key, sign: direction === "desc" ? -1 : 1 };
  });
  return (a, b) => {
    for (const { key, sign } of wanted) {
      const difference = compare(fieldOf(a, key), fieldOf(b, key));
      if (difference !== 0) return difference * sign;
    }
    return 0;
  };
}

function fieldOf(document: Listed, key: string): unknown {
  return Object.entries(document).find(([name]) => name === key)?.[1];
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""));
}

function wholeNumber(context: Context, name: string, fallback: number): number {
  const text = context.req.query(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw invalidInput(name, "must be a positive integer");
  return value;
}
