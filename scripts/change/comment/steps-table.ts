import { isSecret, type Step } from "../model.ts";
import { code, words } from "./escape.ts";
import { valueText } from "./value-text.ts";
import { changedProperties, typeWords } from "./words.ts";

/** The table of steps, a row at a time; where no step has anything to say of what changes, it has no column for it. */
export function stepsTable(steps: readonly Step[]): { head: string; row(step: Step): string } {
  const hasChanges = steps.some((step) => whatChanges(step) !== "");
  return {
    head: hasChanges
      ? "| | Resource | Type | What changes |\n| :-- | :-- | :-- | :-- |"
      : "| | Resource | Type |\n| :-- | :-- | :-- |",
    row(step) {
      const grave = step.operation === "delete" || step.operation === "replace";
      const operation = grave ? `**${step.operation}**` : step.operation;
      const lock = step.protected ? " (protected)" : "";
      const cells = [operation, `${code(step.name, 60)}${lock}`, words(typeWords(step.type), 60)];
      return `| ${[...cells, ...(hasChanges ? [whatChanges(step)] : [])].join(" | ")} |`;
    },
  };
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
  if (isSecret(before) && isSecret(after)) return undefined;
  const text = `${path}: ${valueText(before, SHORT)} → ${valueText(after, SHORT)}`;
  return text.length <= SHORT ? code(text, SHORT) : undefined;
}
