import { isIP } from "node:net";
import { FIELDS, FUNCTIONS, type Type } from "./fields.ts";
import { type Token, tokenize } from "./lexer.ts";
import { RuleSyntaxError } from "./syntax-error.ts";

export type Operator =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "contains"
  | "matches"
  | "wildcard"
  | "strict wildcard";

export type Rule =
  | { kind: "and" | "or" | "xor"; left: Rule; right: Rule }
  | { kind: "not"; rule: Rule }
  | { kind: "constant"; value: boolean }
  | { kind: "truth"; operand: Operand }
  | { kind: "compare"; operand: Operand; operator: Operator; value: string | number }
  | { kind: "in"; operand: Operand; items: Item[] }
  /** `any(…)` and `all(…)` over the elements that `[*]` names inside. */
  | { kind: "quantified"; quantifier: "any" | "all"; rule: Rule };

export type Operand =
  | { kind: "field"; name: string; type: Type; keys: string[]; index?: number | "*" }
  | { kind: "literal"; value: string | number; type: Type }
  | { kind: "call"; name: string; operands: Operand[]; type: Type };

/** One element of a set: a value, or a range with both ends in it. */
export type Item = { value: string | number } | { from: string | number; to: string | number };

const ALIASES: Record<string, string> = {
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "~": "matches",
  "&&": "and",
  "||": "or",
  "^^": "xor",
  "!": "not",
};
/** Tighter is higher (https://developers.cloudflare.com/ruleset-engine/rules-language/operators/#order-of-precedence). */
const BINDING = { or: 1, xor: 2, and: 3 } as const;
const ALLOWED: Record<Type, Operator[]> = {
  String: ["eq", "ne", "lt", "le", "gt", "ge", "contains", "matches", "wildcard", "strict wildcard"],
  Int: ["eq", "ne", "lt", "le", "gt", "ge"],
  Ip: ["eq", "ne", "lt", "le", "gt", "ge"],
  Bool: ["eq", "ne"],
  StringArray: [],
  StringArrayMap: [],
};
const OPERATORS = new Set<string>(ALLOWED.String);

/**
 * Parses a rule of Cloudflare's rules language, as much of it as a zone on the Free or Pro plan would use.
 * @throws RuleSyntaxError for anything else, with the place
 */
export function parseRule(source: string): Rule {
  const tokens = tokenize(source);
  let at = 0;
  /** How many `any(` and `all(` are open: only inside of them may `[*]` stand. */
  let quantifiers = 0;
  const peek = (ahead = 0): Token => tokens[Math.min(at + ahead, tokens.length - 1)] as Token;
  const fail = (reason: string, token = peek()): never => {
    throw new RuleSyntaxError(source, token.start, token.length, reason);
  };
  const word = (token = peek()): string =>
    token.kind === "name" || token.kind === "operator" ? (ALIASES[token.text] ?? token.text) : "";
  const take = (text: string): boolean => {
    if (word() !== text) return false;
    at += 1;
    return true;
  };
  const expect = (text: string): void => {
    if (!take(text)) fail(`expected literal ${JSON.stringify(text)}`);
  };

  const rule = (tightness = 0): Rule => {
    let left = prefix();
    for (;;) {
      const kind = word();
      if (kind !== "and" && kind !== "or" && kind !== "xor") return left;
      if (BINDING[kind] <= tightness) return left;
      at += 1;
      left = { kind, left, right: rule(BINDING[kind]) };
    }
  };

  const prefix = (): Rule => {
    if (take("not")) return { kind: "not", rule: prefix() };
    if (take("(")) {
      const inner = rule();
      expect(")");
      return inner;
    }
    const token = peek();
    const next = peek(1).text;
    if ((token.text === "true" || token.text === "false") && token.kind === "name") {
      at += 1;
      return { kind: "constant", value: token.text === "true" };
    }
    if ((token.text === "any" || token.text === "all") && next === "(") {
      at += 2;
      quantifiers += 1;
      const inner = rule();
      quantifiers -= 1;
      expect(")");
      return { kind: "quantified", quantifier: token.text, rule: inner };
    }
    return comparison();
  };

  const comparison = (): Rule => {
    const start = peek();
    const left = operand();
    let operator = word();
    if (operator === "strict" && word(peek(1)) === "wildcard") {
      at += 1;
      operator = "strict wildcard";
    }
    if (operator === "in") {
      at += 1;
      return set(left);
    }
    if (!isOperator(operator)) {
      if (left.type !== "Bool") fail("expected a comparison operator");
      return { kind: "truth", operand: left };
    }
    if (!ALLOWED[left.type].includes(operator))
      fail(`the operator ${operator} can't be used with ${left.type}`);
    at += 1;
    if (left.kind === "literal") fail("expected a field or a function", start);
    return { kind: "compare", operand: left, operator, value: value(left.type, operator) };
  };

  const value = (type: Type, operator?: Operator): string | number => {
    const token = peek();
    at += 1;
    if (type === "Bool" && (token.text === "true" || token.text === "false")) return token.text;
    if (type === "Int" && token.kind === "int") return Number(token.text);
    if (type === "Ip" && token.kind === "ip" && isIP(token.text)) return token.text;
    if (type === "String" && token.kind === "string") {
      if (operator?.endsWith("wildcard") && /(^|[^\\])\*\*/.test(token.text))
        fail("a wildcard pattern can't have two stars beside each other", token);
      if (operator === "matches") regular(token);
      return token.text;
    }
    return fail(`expected value of type ${type}`, token);
  };

  const regular = (token: Token): void => {
    try {
      new RegExp(token.text);
    } catch (error) {
      fail(`invalid regular expression: ${(error as Error).message}`, token);
    }
  };

  const set = (left: Operand): Rule => {
    if (!["String", "Int", "Ip"].includes(left.type)) fail(`the operator in can't be used with ${left.type}`);
    if (peek().kind === "list") fail(`unknown list ${peek().text}`);
    expect("{");
    const items: Item[] = [];
    while (!take("}")) {
      if (left.type === "Ip" && peek().kind === "ip" && peek().text.includes("/")) {
        items.push({ value: network(peek()) });
        at += 1;
      } else {
        const from = value(left.type);
        if (left.type !== "String" && take("..")) items.push({ from, to: value(left.type) });
        else items.push({ value: from });
      }
    }
    if (items.length === 0) fail("expected a value");
    return { kind: "in", operand: left, items };
  };

  const network = (token: Token): string => {
    const [address = "", bits] = token.text.split("/");
    const family = isIP(address);
    if (!family || Number(bits) > (family === 4 ? 32 : 128)) fail("invalid network", token);
    return token.text;
  };

  const operand = (): Operand => {
    const token = peek();
    at += 1;
    if (token.kind === "string") return { kind: "literal", value: token.text, type: "String" };
    if (token.kind === "int") return { kind: "literal", value: Number(token.text), type: "Int" };
    if (token.kind !== "name") return fail("expected a field or a function", token);
    return peek().text === "(" ? call(token) : field(token);
  };

  const call = (token: Token): Operand => {
    const signature = FUNCTIONS[token.text] ?? fail(`unknown function ${token.text}`, token);
    expect("(");
    const operands: Operand[] = [];
    do operands.push(operand());
    while (take(","));
    expect(")");
    const { takes, variadic, gives } = signature;
    if (operands.length < takes.length || (operands.length > takes.length && !variadic))
      fail(`${token.text} takes ${takes.length} arguments, got ${operands.length}`, token);
    operands.forEach((one, i) => {
      const wanted = takes[i] ?? takes.at(-1);
      if (one.type !== wanted)
        fail(`argument ${i + 1} of ${token.text} must be ${wanted}, not ${one.type}`, token);
    });
    // Over the elements of `[*]` inside, the function's results are an array too: `lower(x[*])[*]`.
    if (quantifiers > 0 && take("[")) {
      expect("*");
      expect("]");
    }
    return { kind: "call", name: token.text, operands, type: gives };
  };

  const field = (token: Token): Operand => {
    let type = FIELDS[token.text] ?? fail("unknown identifier", token);
    const keys: string[] = [];
    let index: number | "*" | undefined;
    while (take("[")) {
      const key = peek();
      at += 1;
      if (type === "StringArrayMap" && key.kind === "string") {
        keys.push(key.text);
        type = "StringArray";
      } else if (type === "StringArray" && (key.kind === "int" || key.text === "*")) {
        if (key.text === "*" && quantifiers === 0) fail("[*] can only be used inside any() or all()", key);
        index = key.text === "*" ? "*" : Number(key.text);
        type = "String";
      } else fail(`invalid index into ${type}`, key);
      expect("]");
    }
    return { kind: "field", name: token.text, type, keys, ...(index === undefined ? {} : { index }) };
  };

  const parsed = rule();
  if (peek().kind !== "end") fail("unrecognised input");
  return parsed;
}

function isOperator(text: string): text is Operator {
  return OPERATORS.has(text);
}
