/** What may stand in a comment, with the attributes that may; everything else is shown as the text that it is. */
const ALLOWED: Record<string, readonly string[]> = {
  a: ["href"],
  b: [],
  blockquote: ["class"],
  br: [],
  code: [],
  del: [],
  details: ["class", "open"],
  div: ["class", "tabindex", "role", "aria-label"],
  em: [],
  h2: [],
  h3: [],
  h4: [],
  h5: [],
  h6: [],
  hr: [],
  i: [],
  ins: [],
  kbd: [],
  li: [],
  ol: ["start"],
  p: ["class"],
  pre: ["class"],
  s: [],
  span: ["class"],
  strong: [],
  sub: [],
  summary: [],
  sup: [],
  table: [],
  tbody: [],
  td: ["class"],
  th: ["class"],
  thead: [],
  tr: [],
  ul: [],
};
const VOID = new Set(["br", "hr"]);
/** Those that the renderer itself gives; a comment can't take on any other look of the page. */
const CLASSES =
  /^(?:table|right|diff|add|remove|same|graph|alert-title|alert (?:note|tip|important|warning|caution))$/;
const VALUES: Record<string, RegExp> = {
  class: CLASSES,
  "aria-label": /^Table$/,
  href: /^(?:https?:\/\/|mailto:|#)/i,
  open: /^$/,
  role: /^group$/,
  start: /^\d{1,9}$/,
  tabindex: /^0$/,
};

const PIECE =
  /<!--[\s\S]*?-->|<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+))?)*)\s*\/?>|[^<]+|</gi;
const ATTRIBUTE = /([a-z-]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?/gi;
const ENTITY = /&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});)/gi;

/**
 * HTML of unknown origin, reduced to an allow-list of elements and attributes, and well nested, so that it can't end an
 * element of the page around it. Comments go, other markup stays as text.
 */
export function sanitize(html: string): string {
  const open: string[] = [];
  let clean = "";
  for (const [piece, slash, tag, attributes] of html.matchAll(PIECE)) {
    const name = tag?.toLowerCase();
    if (piece.startsWith("<!--")) continue;
    if (name === undefined || !Object.hasOwn(ALLOWED, name)) clean += escapeText(piece);
    else if (slash === "/") {
      if (!open.includes(name)) continue;
      for (;;) {
        const last = open.pop();
        clean += `</${last}>`;
        if (last === name) break;
      }
    } else {
      clean += `<${name}${keep(attributes ?? "", ALLOWED[name] ?? [])}>`;
      if (!VOID.has(name)) open.push(name);
    }
  }
  return (
    clean +
    open
      .reverse()
      .map((name) => `</${name}>`)
      .join("")
  );
}

function keep(attributes: string, allowed: readonly string[]): string {
  return [...attributes.matchAll(ATTRIBUTE)]
    .map(([, name = "", double, single, bare]) => ({
      name: name.toLowerCase(),
      value: (double ?? single ?? bare ?? "").trim(),
    }))
    .filter(({ name, value }) => allowed.includes(name) && VALUES[name]?.test(value))
    .map(({ name, value }) => (value === "" ? ` ${name}` : ` ${name}="${escapeText(value)}"`))
    .join("");
}

function escapeText(text: string): string {
  return text
    .replace(ENTITY, "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
