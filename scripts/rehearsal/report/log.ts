import { stripVTControlCharacters } from "node:util";
import { html } from "hono/html";
import type { Html } from "./html.ts";

const GROUP = /^::group::(.*)$/;
const ANNOTATION = /^::(warning|error|notice)(?: (?:[^:]*,)?title=([^,:]*))?[^:]*::(.*)$/;

/** A job's log about as GitHub shows it: groups and annotations as such, the result that it printed as JSON in a fold. */
export function jobLog(content: string, label: string): Html {
  const lines = stripVTControlCharacters(content).trimEnd().split("\n");
  const result = parseObject(lines.at(-1) ?? "");
  if (result) lines.pop();
  return html`<pre class="log" aria-label="${label}">${lines.map(logLine)}</pre>
${result ? html`<details class="result"><summary>The result as JSON</summary><pre>${JSON.stringify(result, undefined, 2)}</pre></details>` : ""}`;
}

function logLine(line: string): Html {
  const group = GROUP.exec(line)?.[1];
  if (group !== undefined) return html`<span class="line group">${group}\n</span>`;
  if (line === "::endgroup::") return html``;
  const [, kind, title, said] = ANNOTATION.exec(line) ?? [];
  if (kind !== undefined && said !== undefined) {
    const word = title ?? `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
    return html`<span class="line ${kind}">${word}: ${said.replaceAll("%0A", "\n").replaceAll("%25", "%")}\n</span>`;
  }
  const tone = /^\s*✓/.test(line) ? "good" : /^\s*✗/.test(line) ? "error" : "";
  return html`<span class="line ${tone}">${line}\n</span>`;
}

function parseObject(line: string): object | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
