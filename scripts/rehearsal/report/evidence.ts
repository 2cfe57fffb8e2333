import { html, raw } from "hono/html";
import type { Evidence } from "../stage/evidence.ts";
import { plural } from "../tell.ts";
import type { Html } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";

/** A piece of evidence, shown as what it is; a picture comes in base64. Comments and issues are open: they are what the reader came for. */
export function evidenceBlock({ title, kind }: Evidence, content: string): Html {
  switch (kind) {
    case "comment":
      return html`<details class="evidence" open><summary>${title}</summary>
<article class="github"><p class="by"><strong>github-actions</strong> <span class="badge">bot</span> commented</p>
<div class="markdown">${raw(renderMarkdown(content, 4))}</div></article></details>`;
    case "issue": {
      const [first = "", ...rest] = content.split("\n");
      return html`<details class="evidence" open><summary>${title}</summary>
<article class="github"><h4 class="issue">${first.replace(/^#+ /, "")}</h4>
<p class="by"><strong>github-actions</strong> <span class="badge">bot</span> opened this issue</p>
<div class="markdown">${raw(renderMarkdown(rest.join("\n"), 5))}</div></article></details>`;
    }
    case "summary":
      return html`<details class="evidence"><summary>${title}</summary>
<article class="github"><div class="markdown">${raw(renderMarkdown(content, 4))}</div></article></details>`;
    case "json":
      return html`<details class="evidence"><summary>${title}</summary><pre>${indented(content)}</pre></details>`;
    case "picture":
      return html`<details class="evidence" open><summary>${title}</summary><img class="picture" alt="${title}" src="data:image/png;base64,${content}"></details>`;
    case "log":
    case "page":
    case "text":
      return html`<details class="evidence"><summary>${title} <span class="end">${plural(content.trimEnd().split("\n").length, "line")}</span></summary><pre>${content}</pre></details>`;
  }
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}
