/**
 * Text from outside, made safe for GitHub's Markdown. In code (spans and fences) GitHub links nothing, pings nobody and
 * knows no emoji; so values and names stand only there, and prose that holds such text is taken apart by zero-width spaces.
 */

/** Control characters, what turns the direction of writing, what can't be seen, and halves of surrogate pairs. */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

/** Shows what can't be seen by its code point: `\u{202e}`. Line feeds and tabs stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Cuts in the middle, between characters, and says how much is gone. */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const note = ` … ${(text.length - most).toLocaleString("en-US")} more characters … `;
  const room = Math.max(0, most - note.length);
  return `${head(text, Math.ceil(room / 2))}${note}${tail(text, Math.floor(room / 2))}`;
}

/** Cuts at the end, between characters. */
export function cutEnd(text: string, most: number): string {
  return text.length <= most ? text : `${head(text, Math.max(0, most - 1))}…`;
}

function head(text: string, length: number): string {
  const end = isLowSurrogate(text.charCodeAt(length)) ? length - 1 : length;
  return text.slice(0, Math.max(0, end));
}

function tail(text: string, length: number): string {
  if (length === 0) return "";
  const start = text.length - length;
  return text.slice(isLowSurrogate(text.charCodeAt(start)) ? start + 1 : start);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** One line of code, also in a table's cell; at most about `most` characters. */
export function code(text: string, most = 120): string {
  const line = cutMiddle(visible(text).replace(/\s+/g, " "), most).trim();
  if (line === "") return "` `";
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  // Parsers disagree on `\\|` in a cell: a backslash before a bar (or before the end) is shown as its look-alike.
  const cell = line.replace(/\\+(?=\||$)/g, (run) => "∖".repeat(run.length)).replace(/\|/g, "\\|");
  return `${ticks}${pad}${cell}${pad}${ticks}`;
}

/** A short text from outside: as it is where it holds nothing but plain words, else as code. */
export function words(text: string, most = 80): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9 .,()%→-]*$/.test(text) && text.length <= most;
  return isPlain && !/www\.|GH-|[0-9a-f]{7}/i.test(text) ? text : code(text, most);
}

/** A fenced block whose fence is longer than any run of backticks in it. */
export function fence(language: "diff" | "text" | "mermaid", lines: readonly string[]): string {
  const body = visible(lines.join("\n"));
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${body}\n${ticks}`;
}

/** Zero-width space: it stands between what would otherwise become a mention, a link, a reference or an emoji. */
const GAP = "&#8203;";

/** Prose that may hold a name from outside. One line. */
export function prose(text: string, most = 600): string {
  return (
    cutMiddle(visible(text).replace(/\s+/g, " "), most)
      .trim()
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/[\\`*_{}[\]()|~^]/g, "\\$&")
      // Between two of them GitHub would set mathematics.
      .replace(/\$/g, "&#36;")
      .replace(/^([-+#=]|\d+[.)])/, "\\$1")
      .replace(/!(?=\\\[)/g, "\\!")
      .replace(/@(?=[\w.-])/g, `@${GAP}`)
      // An entity's own `#` follows `&` and is none.
      .replace(/(?<!&)#(?=\d)/g, `#${GAP}`)
      .replace(/\bGH-(?=\d)/gi, (found) => `${found}${GAP}`)
      .replace(/:(?=[\w+-]+:)/g, `:${GAP}`)
      .replace(/:\/\//g, `:${GAP}//`)
      .replace(/\bwww\./gi, (found) => `${found.slice(0, -1)}${GAP}.`)
      .replace(/\b[0-9a-f]{7,40}\b/gi, (sha) =>
        /^\d{1,6}$/.test(sha) ? sha : `${sha.slice(0, 3)}${GAP}${sha.slice(3)}`,
      )
  );
}

/** Text in an HTML element. */
export function html(text: string): string {
  return visible(text)
    .replace(/\s+/g, " ")
    .replace(/[&<>"'`*_[\]\\|~@#:]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** A link with a label of our own; the bare label where the URL is none that a browser should follow. */
export function link(label: string, url: string | undefined): string {
  const target = safeUrl(url);
  return target ? `[${label}](${target})` : label;
}

export function safeUrl(url: string | undefined): string | undefined {
  if (!url || url.length > 1500 || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return undefined;
  parsed.username = "";
  parsed.password = "";
  return parsed.href.replace(
    /[()<>[\]\\`|*_~'"\s]/g,
    (found) => `%${found.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
