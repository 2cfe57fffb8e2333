import type { html } from "hono/html";

/** A piece of a page whose values are escaped. */
export type Html = ReturnType<typeof html>;

/** `1 scene`, `2 scenes`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
