import { readFileSync } from "node:fs";
import { join } from "node:path";
import { html, raw } from "hono/html";
import { Marked } from "marked";
import { passed, type Rehearsal } from "../play.ts";
import type { Evidence, PlayedScene } from "../stage/evidence.ts";

type Html = ReturnType<typeof html>;

/** The report as one page that needs nothing else: style, comments as rendered, logs. `dir` has the evidence files. */
export async function renderReport(rehearsal: Rehearsal, dir: string): Promise<string> {
  const style = readFileSync(join(import.meta.dirname, "style.css"), "utf8");
  const expectations = rehearsal.scenes.flatMap((scene) => scene.expectations);
  const met = expectations.filter(({ ok }) => ok).length;
  const good = rehearsal.outcome === "passed";
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal ${good ? "passed" : "failed"}</title>
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>The rehearsal of the whole loop</h1>
<p class="lead"><span class="verdict ${good ? "good" : "bad"}">${good ? "Passed" : "Failed"}</span>:
${met} of ${expectations.length} expectations met in ${rehearsal.scenes.length} scenes,
${rehearsal.seconds.toFixed(0)} seconds, ${new Date(rehearsal.startedAt).toUTCString()}.</p>
<nav aria-label="Scenes">
<ol class="timeline">
<li class="stage" style="flex-grow: ${rehearsal.stageSeconds.toFixed(1)}"><span>set-up ${seconds(rehearsal.stageSeconds)}</span></li>
${rehearsal.scenes.map(
  (scene) =>
    html`<li class="${passed(scene) ? "" : "failed"}" style="flex-grow: ${scene.seconds.toFixed(1)}"><a href="#${scene.name}">${scene.name} ${seconds(scene.seconds)}</a></li>`,
)}
</ol>
</nav>
</header>
<main>
${rehearsal.scenes.map((scene) => sceneSection(scene, dir))}
</main>
<footer>
<p>What took the place of a real part:</p>
<ul>${rehearsal.standIns.map((line) => html`<li>${line}</li>`)}</ul>
<p>Real: the Pulumi engine, wrangler, workerd, git, and every line of the pipeline.</p>
</footer>
</body>
</html>
`;
  return String(await page);
}

function sceneSection(scene: PlayedScene, dir: string): Html {
  return html`<section class="scene" id="${scene.name}" aria-labelledby="${scene.name}-title">
<h2 id="${scene.name}-title">${scene.title}<span class="when">${seconds(scene.seconds)}</span></h2>
<p>${scene.tells}</p>
${scene.error ? html`<p class="bad">The scene broke off.</p><pre tabindex="0">${scene.error}</pre>` : ""}
<ul class="expectations">
${scene.expectations.map(
  ({ text, ok, seen }) =>
    html`<li class="${ok ? "" : "failed"}">${text}${ok ? "" : html`<pre tabindex="0">${seen ?? ""}</pre>`}</li>`,
)}
</ul>
${
  scene.jobs.length === 0
    ? ""
    : html`<h3>Jobs</h3>
${scene.jobs.map(
  (job) =>
    html`<details><summary>${job.name}: <code>${job.command}</code> ended with ${job.exitCode} after ${seconds(job.seconds)}</summary>
<pre tabindex="0">${read(dir, job.file)}</pre></details>`,
)}`
}
${scene.evidence.map((piece) => evidenceBlock(piece, dir))}
</section>`;
}

function evidenceBlock(piece: Evidence, dir: string): Html {
  const content = read(dir, piece.file);
  if (piece.kind === "comment") {
    return html`<details ${piece.title.startsWith("Job summary") ? "" : raw("open")}><summary>${piece.title}</summary>
<div class="comment"><div class="by">github-actions <span>bot</span></div><div class="body">${raw(renderMarkdown(content))}</div></div></details>`;
  }
  return html`<details><summary>${piece.title}</summary><pre tabindex="0">${content}</pre></details>`;
}

function read(dir: string, file: string): string {
  return readFileSync(join(dir, file), "utf8");
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** GitHub's alerts, which plain Markdown does not know. https://docs.github.com/get-started/writing-on-github */
const ALERT = /<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>)?\s*/g;

/** A comment about as GitHub shows it. Its headings stand below the scene's, whatever level they had. */
function renderMarkdown(markdown: string): string {
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens }) {
        return `<h3>${this.parser.parseInline(tokens)}</h3>\n`;
      },
      code({ text, lang }) {
        const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
        if (lang !== "diff") return `<pre tabindex="0"><code>${escaped}</code></pre>\n`;
        const lines = escaped.split("\n").map((line) => {
          const name = line.startsWith("+") ? "diff-add" : line.startsWith("-") ? "diff-remove" : undefined;
          return name ? `<span class="${name}">${line}</span>` : line;
        });
        return `<pre tabindex="0"><code>${lines.join("\n")}</code></pre>\n`;
      },
    },
  });
  const rendered = marked.parse(markdown, { async: false });
  return rendered.replaceAll(
    ALERT,
    (_, kind: string) => `<blockquote><p><strong>${kind[0]}${kind.slice(1).toLowerCase()}</strong><br>`,
  );
}
