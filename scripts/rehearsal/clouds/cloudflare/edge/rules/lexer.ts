import { RuleSyntaxError } from "./syntax-error.ts";

export interface Token {
  kind: "name" | "string" | "int" | "ip" | "list" | "operator" | "end";
  /** A string's value without quotes and escapes; any other token's text. */
  text: string;
  start: number;
  length: number;
}

/** Tried in this order at every place; the language has no comments. */
const PATTERNS: [Token["kind"] | "space", RegExp][] = [
  ["space", /\s+/y],
  ["ip", /\d+\.\d+\.\d+\.\d+(?:\/\d+)?/y],
  ["ip", /[0-9a-fA-F]*:[0-9a-fA-F:.]*:?[0-9a-fA-F:.]*(?:\/\d+)?/y],
  ["int", /-?\d+/y],
  ["list", /\$[a-z_][a-z0-9_.]*/y],
  ["operator", /&&|\|\||\^\^|==|!=|<=|>=|\.\.|[!<>~(){}[\],*]/y],
  ["name", /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y],
];
const RAW = /r(#*)"([\s\S]*?)"\1/y;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;

/**
 * Cuts a rule's text into tokens (https://developers.cloudflare.com/ruleset-engine/rules-language/values/).
 * @throws RuleSyntaxError at what is no token
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const add = (kind: Token["kind"], text: string, length: number) => {
    tokens.push({ kind, text, start: at, length });
    at += length;
  };
  while (at < source.length) {
    const raw = exec(RAW, source, at);
    if (raw) {
      add("string", raw[2] ?? "", raw[0].length);
      continue;
    }
    const quoted = exec(QUOTED, source, at);
    if (quoted) {
      add("string", unescaped(quoted[1] ?? "", source, at), quoted[0].length);
      continue;
    }
    const found = PATTERNS.map(([kind, pattern]) => [kind, exec(pattern, source, at)] as const).find(
      ([, match]) => match,
    );
    if (!found?.[1]) {
      const open = source[at] === '"';
      throw new RuleSyntaxError(source, at, 1, open ? "missing ending quote" : "unrecognised input");
    }
    const [kind, [text]] = found as [Token["kind"] | "space", RegExpExecArray];
    if (kind === "space") at += text.length;
    else add(kind, text, text.length);
  }
  tokens.push({ kind: "end", text: "", start: at, length: 1 });
  return tokens;
}

function exec(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** A quoted string knows `\"`, `\\`, `\xHH` and octal escapes. */
function unescaped(text: string, source: string, at: number): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{3}|[\s\S])/g, (whole, code: string) => {
    if (code === '"' || code === "\\") return code;
    if (code.startsWith("x") && code.length === 3)
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code, 8));
    throw new RuleSyntaxError(source, at, whole.length, "invalid character escape sequence");
  });
}
