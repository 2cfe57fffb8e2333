import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { html, raw } from "hono/html";
import { passed, type Rehearsal } from "../play.ts";
import { plural } from "../tell.ts";
import { duration } from "./duration.ts";
import type { Html } from "./html.ts";
import { icon, symbols } from "./icons.ts";
import { sceneSection } from "./scene.ts";
import { timeline } from "./timeline.ts";

const style = readFileSync(join(import.meta.dirname, "style.css"), "utf8");

/**
 * Nothing is loaded and nothing runs, whatever the evidence holds: the one style sheet is known by its hash.
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
 */
const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** @param read gives the content of an evidence file */
export async function renderPage(rehearsal: Rehearsal, read: (file: string) => string): Promise<string> {
  const good = rehearsal.outcome === "passed";
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Rehearsal ${good ? "passed" : "failed"}</title>
<link rel="icon" href="${favicon(good)}">
<style>${raw(style)}</style>
</head>
<body>
${symbols}
<a class="skip" href="#scenes">Skip to the scenes</a>
<header class="top">
${summary(rehearsal)}
${unmet(rehearsal)}
${timeline(rehearsal)}
</header>
<main id="scenes" tabindex="-1">
${chapterSections(rehearsal, read)}
</main>
<footer>
<h2>What was real, and what was not</h2>
<p>Real: the Pulumi engine, wrangler, workerd, git, and every line of the pipeline. The place of a real part was taken by:</p>
<ul>${rehearsal.standIns.map((line) => html`<li>${line}</li>`)}</ul>
<p>The same as data: <code>report.json</code> beside this page. The files behind it: <code>${rehearsal.chapters.map(({ name }) => `${name}/evidence/`).join(", ")}</code>.</p>
</footer>
</body>
</html>
`;
  return String(await page);
}

/** The scenes under the chapter they are in; a single chapter needs no heading. */
function chapterSections({ chapters, scenes }: Rehearsal, read: (file: string) => string): Html[] {
  return chapters.map(({ name, title, tells }) => {
    const own = scenes.filter(({ chapter }) => chapter === name);
    if (own.length === 0) return html``;
    const heading =
      chapters.length > 1
        ? html`<div class="chapter"><p class="title">${title}</p><p>${tells}</p></div>`
        : "";
    return html`${heading}${own.map((scene) => sceneSection(scene, scenes.indexOf(scene) + 1, read))}`;
  });
}

function summary(rehearsal: Rehearsal): Html {
  const good = rehearsal.outcome === "passed";
  const expectations = rehearsal.scenes.flatMap((scene) => scene.expectations);
  const met = expectations.filter(({ ok }) => ok).length;
  const at = new Date(rehearsal.startedAt);
  return html`<p class="eyebrow">${rehearsal.chapters.length > 1 ? `Rehearsal in ${plural(rehearsal.chapters.length, "chapter")}` : "Rehearsal of the whole loop"}</p>
<h1>${icon(good ? "check" : "cross")} ${good ? "The rehearsal passed" : "The rehearsal failed"}</h1>
<p class="lead">${met === expectations.length ? `All ${plural(met, "expectation")}` : `${met} of ${plural(expectations.length, "expectation")}`} met
in ${plural(rehearsal.scenes.length, "scene")}, played in ${duration(rehearsal.seconds)} on one machine on
<time datetime="${rehearsal.startedAt}">${Number.isNaN(at.getTime()) ? rehearsal.startedAt : at.toUTCString().slice(5, 22)} UTC</time>.</p>`;
}

/** What a reader of a failed rehearsal looks for first. */
function unmet(rehearsal: Rehearsal): Html | "" {
  const scenes = rehearsal.scenes.filter((scene) => !passed(scene));
  if (scenes.length === 0) return "";
  return html`<section class="unmet" aria-labelledby="unmet-title">
<h2 id="unmet-title">What was not as expected</h2>
<ul>${scenes.map(
    (scene) =>
      html`<li><a href="#${scene.name}">${scene.title}</a>
<ul>${scene.expectations.filter(({ ok }) => !ok).map(({ text }) => html`<li>${text}</li>`)}${
        scene.error === undefined ? "" : html`<li>The scene broke off.</li>`
      }</ul></li>`,
  )}</ul>
</section>`;
}

function favicon(good: boolean): string {
  const mark = good
    ? '<circle cx="8" cy="8" r="8" fill="%231a7f37"/><path d="M4 8.5l3 3 5-6" stroke="white" stroke-width="2" fill="none"/>'
    : '<circle cx="8" cy="8" r="8" fill="%23cf222e"/><path d="M5 5l6 6m0-6l-6 6" stroke="white" stroke-width="2" fill="none"/>';
  return `data:image/svg+xml,${`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${mark}</svg>`.replaceAll('"', "'").replaceAll("<", "%3C").replaceAll(">", "%3E")}`;
}
