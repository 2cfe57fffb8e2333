import { Marked, type Token, type Tokens } from "marked";
import { sanitize } from "./sanitize.ts";

/** GitHub's alerts, which plain Markdown does not know. https://docs.github.com/get-started/writing-on-github */
const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(?:\n|$)/;

/**
 * A comment about as GitHub shows it: tables, alerts, diffs, folds. What it holds may come from anywhere, so the result
 * goes through {@link sanitize}. Graphs are not drawn (that would take a script): their source is in a fold.
 *
 * @param top the level of its highest heading in the page around it
 */
export function renderMarkdown(markdown: string, top: 2 | 3 | 4 | 5): string {
  const marked = new Marked({ gfm: true });
  const tokens = marked.lexer(markdown);
  const highest = Math.min(6, ...headings(tokens).map(({ depth }) => depth));
  marked.use({
    renderer: {
      heading({ tokens, depth }) {
        const level = Math.min(6, top + depth - highest);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
      },
      blockquote({ tokens }) {
        const alert = takeAlert(tokens);
        const body = this.parser.parse(tokens);
        if (!alert) return `<blockquote>${body}</blockquote>\n`;
        const word = `${alert[0]}${alert.slice(1).toLowerCase()}`;
        return `<blockquote class="alert ${alert.toLowerCase()}"><p class="alert-title">${word}</p>${body}</blockquote>\n`;
      },
      code({ text, lang }) {
        if (lang === "diff") return `<pre class="diff"><code>${diffLines(text)}</code></pre>\n`;
        const block = `<pre><code>${escapeHtml(text)}</code></pre>`;
        if (lang !== "mermaid") return `${block}\n`;
        return `<details class="graph"><summary>A graph, which GitHub draws here: its source</summary>${block}</details>\n`;
      },
      // A table wider than the page scrolls by itself.
      table(token) {
        const row = (cells: Tokens.TableCell[], tag: "th" | "td") =>
          `<tr>${cells
            .map((cell) => {
              const inner = this.parser.parseInline(cell.tokens);
              // An empty header cell would be announced as one.
              const name = tag === "th" && cell.text.trim() === "" ? "td" : tag;
              return `<${name}${cell.align === "right" ? ' class="right"' : ""}>${inner}</${name}>`;
            })
            .join("")}</tr>`;
        return `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead>${row(token.header, "th")}</thead><tbody>${token.rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>\n`;
      },
    },
  });
  return sanitize(marked.parser(tokens));
}

function headings(tokens: readonly Token[]): Tokens.Heading[] {
  return tokens.filter((token): token is Tokens.Heading => token.type === "heading");
}

/** The kind of the alert that a quotation is; its first line is taken out of the tokens. */
function takeAlert(tokens: Token[]): string | undefined {
  const [paragraph] = tokens;
  if (paragraph?.type !== "paragraph" || !("tokens" in paragraph)) return undefined;
  const [first] = paragraph.tokens ?? [];
  if (first?.type !== "text") return undefined;
  const found = ALERT.exec(`${first.raw}`);
  if (!found?.[1]) return undefined;
  const rest = first.raw.slice(found[0].length);
  paragraph.tokens?.splice(0, 1, ...(rest === "" ? [] : [{ ...first, raw: rest, text: rest }]));
  if (paragraph.tokens?.[0]?.type === "br") paragraph.tokens.shift();
  if (paragraph.tokens?.length === 0) tokens.shift();
  return found[1];
}

function diffLines(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const name = line.startsWith("+") ? "add" : line.startsWith("-") ? "remove" : "same";
      return `<span class="${name}">${escapeHtml(line)}\n</span>`;
    })
    .join("");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
