import { Marked, type Token, type Tokens, walkTokens } from "marked";

/** A page of the documentation, as far as it can be checked. */
export interface Page {
  /** Every line of its `sh` blocks, and every inline code that starts with a program of ours. */
  commands: string[];
  /** Where its links and images lead. */
  targets: string[];
  /** The anchors that GitHub gives its headings. */
  anchors: string[];
  /** What stands in backquotes. */
  codes: string[];
}

const COMMAND = /^(npm|npx|git|gh|just|bash) /;

export function readPage(markdown: string): Page {
  const page: Page = { commands: [], targets: [], anchors: [], codes: [] };
  const seen = new Map<string, number>();
  walkTokens(new Marked().lexer(markdown), (token) => {
    if (isCode(token) && token.lang === "sh") page.commands.push(...token.text.split("\n"));
    if (token.type === "codespan") {
      page.codes.push(token.text);
      if (COMMAND.test(token.text)) page.commands.push(token.text);
    }
    if (token.type === "link" || token.type === "image") page.targets.push(token.href);
    if (token.type === "heading") {
      const slug = slugOf(token.text);
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      page.anchors.push(before === 0 ? slug : `${slug}-${before}`);
    }
  });
  page.commands = page.commands.map((line) => line.replace(/(^|\s)#.*$/, "").trim()).filter(Boolean);
  return page;
}

function isCode(token: Token): token is Tokens.Code {
  return token.type === "code";
}

/** As GitHub makes anchors: lower case, punctuation gone, spaces to dashes. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
