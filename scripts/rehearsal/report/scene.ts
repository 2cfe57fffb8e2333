import { html } from "hono/html";
import { passed } from "../play.ts";
import type { Expectation, PlayedScene } from "../stage/evidence.ts";
import { plural } from "../tell.ts";
import { duration } from "./duration.ts";
import { evidenceBlock } from "./evidence.ts";
import type { Html } from "./html.ts";
import { icon, verdict } from "./icons.ts";
import { jobLog } from "./log.ts";

/** One scene: what it tells, what was expected, the jobs that ran, and what a reader may want to see for himself. */
export function sceneSection(scene: PlayedScene, number: number, read: (file: string) => string): Html {
  const met = scene.expectations.filter(({ ok }) => ok).length;
  return html`<section class="scene" id="${scene.name}" aria-labelledby="${scene.name}-title">
<div class="heading">
<h2 id="${scene.name}-title"><span class="number">${number}</span>${scene.title}</h2>
<p class="facts">${passed(scene) ? "" : html`${icon("cross")} `}${met} of ${plural(scene.expectations.length, "expectation")} met · ${duration(scene.seconds)}</p>
</div>
<p class="tells">${scene.tells}</p>
${scene.error === undefined ? "" : html`<div class="broke"><p>${icon("cross")} The scene broke off.</p><pre>${scene.error}</pre></div>`}
${expectations(scene.expectations)}
${
  scene.jobs.length === 0
    ? ""
    : html`<h3>What ran</h3>
${scene.jobs.map(
  (job) =>
    html`<details class="job"><summary><span class="title">${job.name}</span> <code class="command">${job.command}</code>
<span class="end">exit code ${job.exitCode} · ${duration(job.seconds)}</span></summary>
${jobLog(read(job.file), `Log of ${job.name}`)}</details>`,
)}`
}
${
  scene.evidence.length === 0
    ? ""
    : html`<h3>What it looked like</h3>
${scene.evidence.map((piece) => evidenceBlock(piece, read(piece.file)))}`
}
</section>`;
}

function expectations(list: readonly Expectation[]): Html {
  return html`<ul class="expectations">
${list.map(
  ({ text, ok, seen, file }) =>
    html`<li class="${ok ? "met" : "not-met"}">${verdict(ok)}<div><p>${text}</p>${
      ok
        ? ""
        : html`<p class="seen">Seen instead${file === undefined ? "" : html`, the beginning of <code>${file}</code>`}:</p><pre>${seen ?? "nothing"}</pre>`
    }</div></li>`,
)}
</ul>`;
}
