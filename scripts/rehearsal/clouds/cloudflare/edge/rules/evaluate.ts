import { BlockList, isIP } from "node:net";
import type { Item, Operand, Operator, Rule } from "./parser.ts";

type Value = string | number | boolean | string[] | Record<string, string[]> | undefined;

/** The values of the fields for one request. */
export type Facts = Record<string, Value>;

/** Whether a rule fits a request. `star` is which element `[*]` stands for. */
export function evaluate(rule: Rule, facts: Facts, star = 0): boolean {
  switch (rule.kind) {
    case "and":
      return evaluate(rule.left, facts, star) && evaluate(rule.right, facts, star);
    case "or":
      return evaluate(rule.left, facts, star) || evaluate(rule.right, facts, star);
    case "xor":
      return evaluate(rule.left, facts, star) !== evaluate(rule.right, facts, star);
    case "not":
      return !evaluate(rule.rule, facts, star);
    case "constant":
      return rule.value;
    case "truth":
      return read(rule.operand, facts, star) === true;
    case "compare":
      return compare(read(rule.operand, facts, star), rule.operator, rule.value);
    case "in": {
      const value = read(rule.operand, facts, star);
      return rule.items.some((item) => isIn(value, item));
    }
    case "quantified": {
      const count = elements(rule.rule, facts);
      const results = Array.from({ length: count }, (_, i) => evaluate(rule.rule, facts, i));
      return rule.quantifier === "any" ? results.some(Boolean) : count > 0 && results.every(Boolean);
    }
  }
}

/** How many elements the `[*]` of a rule runs over. */
function elements(rule: Rule, facts: Facts): number {
  switch (rule.kind) {
    case "and":
    case "or":
    case "xor":
      return Math.max(elements(rule.left, facts), elements(rule.right, facts));
    case "not":
    case "quantified":
      return elements(rule.rule, facts);
    case "constant":
      return 0;
    default:
      return starred(rule.operand, facts);
  }
}

function starred(operand: Operand, facts: Facts): number {
  if (operand.kind === "call") return Math.max(...operand.operands.map((one) => starred(one, facts)));
  if (operand.kind !== "field" || operand.index !== "*") return 0;
  return arrayOf(operand, facts)?.length ?? 0;
}

function arrayOf(operand: Operand & { kind: "field" }, facts: Facts): string[] | undefined {
  const value = facts[operand.name];
  const [key] = operand.keys;
  const array = key === undefined ? value : (value as Record<string, string[]> | undefined)?.[key];
  return Array.isArray(array) ? array : undefined;
}

function read(operand: Operand, facts: Facts, star: number): Value {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "field":
      if (operand.keys.length === 0 && operand.index === undefined) return facts[operand.name];
      if (operand.index === undefined) return arrayOf(operand, facts);
      return arrayOf(operand, facts)?.[operand.index === "*" ? star : operand.index];
    case "call":
      return call(
        operand.name,
        operand.operands.map((one) => read(one, facts, star)),
      );
  }
}

function call(name: string, values: Value[]): Value {
  const [first, second, third] = values;
  // A function of a missing value has no value, and a comparison with it fails.
  if (first === undefined) return undefined;
  const text = String(first);
  switch (name) {
    case "lower":
      return text.toLowerCase();
    case "upper":
      return text.toUpperCase();
    case "url_decode":
      return urlDecode(text);
    case "concat":
      return values.map(String).join("");
    case "substring":
      return text.slice(Number(second), Number(third));
    case "to_string":
      return text;
    case "len":
      return Buffer.byteLength(text);
    case "starts_with":
      return text.startsWith(String(second));
    case "ends_with":
      return text.endsWith(String(second));
    case "has_key":
      return String(second) in (first as object);
    case "remove_query_args":
      return text;
    default:
      throw new Error(`no function ${name}`);
  }
}

function urlDecode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  const bytes = spaced.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function compare(value: Value, operator: Operator, wanted: string | number): boolean {
  // Nothing is equal to a missing value, so "not equal" holds: wirefilter's own rule.
  if (value === undefined) return operator === "ne";
  if (typeof value === "boolean") return (String(value) === wanted) === (operator === "eq");
  const text = String(value);
  switch (operator) {
    case "eq":
      return sameAs(value, wanted);
    case "ne":
      return !sameAs(value, wanted);
    case "contains":
      return text.includes(String(wanted));
    case "matches":
      return new RegExp(String(wanted)).test(text);
    case "wildcard":
      return wildcard(String(wanted), "is").test(text);
    case "strict wildcard":
      return wildcard(String(wanted), "s").test(text);
    default:
      return ordered(order(value, wanted), operator);
  }
}

function sameAs(value: Value, wanted: string | number): boolean {
  return isIP(String(value)) && isIP(String(wanted)) ? order(String(value), wanted) === 0 : value === wanted;
}

function ordered(difference: number, operator: "lt" | "le" | "gt" | "ge"): boolean {
  if (operator === "lt") return difference < 0;
  if (operator === "le") return difference <= 0;
  if (operator === "gt") return difference > 0;
  return difference >= 0;
}

function order(value: Value, wanted: string | number): number {
  if (typeof value === "number" && typeof wanted === "number") return value - wanted;
  const [a, b] = [String(value), String(wanted)];
  if (isIP(a) && isIP(b))
    return isIP(a) === isIP(b) ? compareBytes(address(a), address(b)) : isIP(a) - isIP(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBytes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function address(ip: string): bigint {
  if (isIP(ip) === 4) return ip.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const middle = tail === undefined ? [] : Array(8 - left.length - right.length).fill("0");
  return [...left, ...middle, ...right].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

function wildcard(pattern: string, flags: string): RegExp {
  const source = pattern.replace(/\\\*|\\\\|[\s\S]/g, (one) => {
    if (one === "*") return ".*";
    const plain = one.length === 2 ? one.slice(1) : one;
    return plain.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, flags);
}

function isIn(value: Value, item: Item): boolean {
  if (value === undefined) return false;
  if ("from" in item) {
    if (typeof value === "string" && isIP(value) !== isIP(String(item.from))) return false;
    return order(value, item.from) >= 0 && order(value, item.to) <= 0;
  }
  const text = String(item.value);
  if (typeof value === "string" && isIP(value) && text.includes("/")) {
    const [network = "", bits] = text.split("/");
    if (isIP(network) !== isIP(value)) return false;
    const list = new BlockList();
    const family = isIP(network) === 4 ? "ipv4" : "ipv6";
    list.addSubnet(network, Number(bits), family);
    return list.check(value, family);
  }
  return sameAs(value, item.value);
}
