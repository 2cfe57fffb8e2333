import { html, raw } from "hono/html";
import type { Html } from "./html.ts";

export type Mark = "check" | "cross" | "tick";

const PATHS: Record<Mark, string> = {
  tick: '<path class="stroke" d="M3 8.6l3.4 3.5 6.6-7.6"/>',
  check: '<circle cx="8" cy="8" r="8"/><path class="stroke" d="M4.2 8.4l2.6 2.7 5-5.8"/>',
  cross: '<circle cx="8" cy="8" r="8"/><path class="stroke" d="M5.2 5.2l5.6 5.6m0-5.6l-5.6 5.6"/>',
};

/** The drawings that {@link icon} uses; once in a page. */
export const symbols: Html = html`<svg class="symbols" aria-hidden="true">${raw(
  Object.entries(PATHS)
    .map(([name, path]) => `<symbol id="icon-${name}" viewBox="0 0 16 16">${path}</symbol>`)
    .join(""),
)}</svg>`;

/** A mark with its word for those who don't see it; `label` "" where the text beside it says the same. */
export function icon(mark: Mark, label = ""): Html {
  const drawing = html`<svg class="icon ${mark}" aria-hidden="true"><use href="#icon-${mark}"/></svg>`;
  return label === "" ? drawing : html`${drawing}<span class="hidden">${label}</span>`;
}

/** The mark of an expectation. */
export function verdict(ok: boolean): Html {
  return ok ? icon("tick", "Met: ") : icon("cross", "Not met: ");
}
