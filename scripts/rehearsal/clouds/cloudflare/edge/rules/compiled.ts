import { evaluate, type Facts } from "./evaluate.ts";
import { parseRule, type Rule } from "./parser.ts";

const parsed = new Map<string, Rule>();

/** Whether an expression that was checked when it was written fits a request; parsed once. */
export function fitsExpression(expression: string, facts: Facts): boolean {
  const rule = parsed.get(expression) ?? parseRule(expression);
  parsed.set(expression, rule);
  return evaluate(rule, facts);
}
