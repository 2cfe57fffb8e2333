import type { Step } from "../model.ts";
import { code, prose } from "./escape.ts";
import { valueText } from "./value-text.ts";
import { changedProperties, typeWords } from "./words.ts";

export const STEPS_HEAD = "| | Resource | Type | What changes |\n| :-- | :-- | :-- | :-- |";

/** One step as a row of the table. */
export function stepRow(step: Step): string {
  const grave = step.operation === "delete" || step.operation === "replace";
  const operation = grave ? `**${step.operation}**` : step.operation;
  const lock = step.protected ? " (protected)" : "";
  return `| ${operation} | ${code(step.name, 60)}${lock} | ${prose(typeWords(step.type), 60)} | ${whatChanges(step)} |`;
}

const MOST_NAMED = 4;
/** Longer than this, a change is told by its property's name only. */
const SHORT = 44;

function whatChanges(step: Step): string {
  if (step.operation === "create" || step.operation === "delete" || step.operation === "read") return "";
  if (step.operation === "refresh" && !step.after) return "gone at the provider";
  const only = step.diffs.length <= 2 ? step.diffs.map(shortDiff) : [];
  if (only.length > 0 && only.every((text) => text !== undefined)) {
    const forced = step.diffs.some((diff) => diff.replaces) ? " (forced by it)" : "";
    return `${only.join(", ")}${only.length === 1 ? forced : ""}`;
  }
  const properties = changedProperties(step.diffs);
  const named = properties
    .slice(0, MOST_NAMED)
    .map(({ name, replaces }) => (replaces ? `**${code(name, 40)}**` : code(name, 40)));
  const more = properties.length - named.length;
  return `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function shortDiff({ path, kind, before, after, movedFrom }: Step["diffs"][number]): string | undefined {
  if (kind !== "change" || movedFrom !== undefined) return undefined;
  const text = `${path}: ${valueText(before, SHORT)} → ${valueText(after, SHORT)}`;
  return text.length <= SHORT ? code(text, SHORT) : undefined;
}
