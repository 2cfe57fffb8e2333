import { parseAst } from "vitest/node";
import { z } from "zod";
import { ANY } from "./executed-commands.ts";

const Node = z.looseObject({ type: z.string() });
const Literal = z.object({ type: z.literal("Literal"), value: z.string() });
const List = z.union([
  z.looseObject({ type: z.literal("ArrayExpression"), elements: z.array(z.unknown()) }),
  z
    .looseObject({ type: z.literal("CallExpression"), arguments: z.array(z.unknown()) })
    .transform((node) => ({ ...node, elements: node.arguments })),
]);
const Spread = z.looseObject({ type: z.literal("SpreadElement"), argument: z.unknown() });

/** The arrays and the arguments of calls that a TypeScript source has, as far as they are written down; {@link ANY} for what is computed. */
export function argumentLists(source: string): string[][] {
  const found: string[][] = [];
  visit(parseAst(source, { lang: "ts" }), (node) => {
    const list = List.safeParse(node);
    if (list.success) found.push(list.data.elements.flatMap(wordsOf));
  });
  return found;
}

/** Whether a list has these words, one after the other; {@link ANY} among them stands for one that is computed. */
export function hasInOrder(list: readonly string[], words: readonly string[]): boolean {
  return list.some((_, start) => words.every((word, index) => list[start + index] === word));
}

function wordsOf(node: unknown): string[] {
  const literal = Literal.safeParse(node);
  if (literal.success) return [literal.data.value];
  const spread = Spread.safeParse(node);
  const inner = spread.success ? List.safeParse(spread.data.argument) : undefined;
  return inner?.success ? inner.data.elements.flatMap(wordsOf) : [ANY];
}

function visit(value: unknown, look: (node: unknown) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, look);
  const node = Node.safeParse(value);
  if (!node.success) return;
  look(node.data);
  for (const each of Object.values(node.data)) visit(each, look);
}
