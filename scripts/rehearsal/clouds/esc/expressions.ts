import { isMap, isScalar, isSeq, type LineCounter } from "yaml";
import type { Definition } from "./definition.ts";
import { rangeOf, type SourceRange } from "./diagnostic.ts";

/** How a value is written down, as ESC's API tells it of a definition that it has checked; of the kinds, exactly one is there. */
export interface Expression {
  range?: SourceRange;
  literal?: unknown;
  list?: Expression[];
  object?: { [key: string]: Expression };
  builtin?: { name: string; arg: Expression };
}

/** The expressions of a definition's `values`, which `pulumi env get` looks a path up in. */
export function expressionsOf(name: string, { document, lines }: Definition): { [key: string]: Expression } {
  const values = isMap(document.contents) ? document.contents.get("values") : undefined;
  return expressionOf(name, lines, values).object ?? {};
}

function expressionOf(name: string, lines: LineCounter, node: unknown): Expression {
  const of = (each: unknown) => expressionOf(name, lines, each);
  if (isScalar(node)) return { ...at(name, lines, node.range), literal: node.value };
  if (isSeq(node)) return { ...at(name, lines, node.range), list: node.items.map(of) };
  if (!isMap(node)) return {};
  const properties = node.items.map(
    ({ key, value }) => [String(isScalar(key) ? key.value : key), of(value)] as const,
  );
  const [[first, arg] = ["", {}]] = properties;
  const here = at(name, lines, node.range);
  if (first.startsWith("fn::")) return { ...here, builtin: { name: first, arg } };
  return { ...here, object: Object.fromEntries(properties) };
}

function at(name: string, lines: LineCounter, range: [number, number, number] | null | undefined) {
  const found = rangeOf(name, lines, range);
  return found ? { range: found } : {};
}
