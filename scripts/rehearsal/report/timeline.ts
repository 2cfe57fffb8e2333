import { html } from "hono/html";
import { passed, type Rehearsal } from "../play.ts";
import { duration } from "./duration.ts";
import type { Html } from "./html.ts";
import { icon } from "./icons.ts";

/** All scenes in their order: a line each, with a bar from when to when it was played. */
export function timeline({ stageSeconds, scenes, seconds }: Rehearsal): Html {
  const total = Math.max(seconds, 0.001);
  let at = stageSeconds;
  const rows = scenes.map((scene) => {
    const from = at;
    at += scene.seconds;
    const good = passed(scene);
    return html`<li><a href="#${scene.name}">${icon(good ? "check" : "cross", good ? "Passed: " : "Failed: ")}<span class="name">${scene.title}</span></a>
${bar(from / total, scene.seconds / total, good ? "good" : "bad")}<span class="time">${duration(scene.seconds)}</span></li>`;
  });
  return html`<nav aria-label="Scenes">
<ol class="timeline">
<li class="set-up"><span class="row">${icon("check")}<span class="name">Clouds, providers and a checkout</span></span>
${bar(0, stageSeconds / total, "quiet")}<span class="time">${duration(stageSeconds)}</span></li>
${rows}
</ol>
</nav>`;
}

/** Drawn, so that no inline style is needed. `from` and `width` are shares of the whole. */
function bar(from: number, width: number, tone: "good" | "bad" | "quiet"): Html {
  const percent = (share: number) => `${(share * 100).toFixed(2)}%`;
  return html`<svg class="bar ${tone}" aria-hidden="true"><rect class="track" width="100%" height="100%" rx="3"/><rect class="fill" x="${percent(from)}" width="${percent(Math.max(width, 0.004))}" height="100%" rx="3"/></svg>`;
}
