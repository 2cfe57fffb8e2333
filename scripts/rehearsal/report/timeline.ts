import { html, raw } from "hono/html";
import { passed, type Rehearsal } from "../play.ts";
import { duration } from "./duration.ts";
import type { Html } from "./html.ts";
import { icon } from "./icons.ts";

/** All chapters and their scenes in their order: a line each, with a bar from when to when it was played. */
export function timeline({ chapters, scenes, seconds }: Rehearsal): Html {
  const total = Math.max(seconds, 0.001);
  let at = 0;
  const row = (long: number, tone: Tone, what: Html) => {
    const from = at;
    at += long;
    return html`<li${tone === "quiet" ? raw(' class="set-up"') : ""}>${what}
${bar(from / total, long / total, tone)}<span class="time">${duration(long)}</span></li>`;
  };
  const lists = chapters.map(({ name, title, stageSeconds, skipped }) => {
    const heading = chapters.length > 1 ? html`<p class="chapter">${title}</p>` : "";
    if (skipped !== undefined) return html`${heading}<p class="skipped">Not played: ${skipped}</p>`;
    const setUp = html`<span class="row">${icon("check")}<span class="name">Clouds, providers and a checkout</span></span>`;
    return html`${heading}<ol class="timeline">
${row(stageSeconds, "quiet", setUp)}
${scenes
  .filter(({ chapter }) => chapter === name)
  .map((scene) => {
    const good = passed(scene);
    const link = html`<a href="#${scene.name}">${icon(good ? "check" : "cross", good ? "Passed: " : "Failed: ")}<span class="name">${scene.title}</span></a>`;
    return row(scene.seconds, good ? "good" : "bad", link);
  })}
</ol>`;
  });
  return html`<nav aria-label="Scenes">
${lists}
</nav>`;
}

type Tone = "good" | "bad" | "quiet";

/** Drawn, so that no inline style is needed. `from` and `width` are shares of the whole. */
function bar(from: number, width: number, tone: Tone): Html {
  const percent = (share: number) => `${(share * 100).toFixed(2)}%`;
  return html`<svg class="bar ${tone}" aria-hidden="true"><rect class="track" width="100%" height="100%" rx="3"/><rect class="fill" x="${percent(from)}" width="${percent(Math.max(width, 0.004))}" height="100%" rx="3"/></svg>`;
}
