import type { Change, EdgeChange, Operation, PropertyDiff, Step } from "../model.ts";
import { segmentsOf } from "../paths.ts";

/** The operations in the order of what they can break. */
export const OPERATIONS: readonly Operation[] = [
  "delete",
  "replace",
  "update",
  "import",
  "create",
  "refresh",
  "read",
];

export type Counts = { readonly [operation in Operation]: number };

/** How many resources each operation touches; components, which are no resources of a provider, do not count. */
export function countSteps(change: Change | undefined): Counts {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, import: 0, read: 0, refresh: 0 };
  for (const step of change?.steps ?? []) if (!step.component) counts[step.operation]++;
  return counts;
}

/** `1 to replace, 3 to update, 42 unchanged`. */
export function countsSentence(change: Change): string {
  const counts = countSteps(change);
  const parts = OPERATIONS.filter((operation) => counts[operation] > 0).map(
    (operation) => `${number(counts[operation])} ${VERBS[operation]}`,
  );
  if (change.outputs.length > 0) parts.push(`${plural(change.outputs.length, "output")} to change`);
  if (parts.length === 0) parts.push("Nothing to do");
  if (change.unchanged > 0) parts.push(`${number(change.unchanged)} unchanged`);
  return `${parts.join(", ")}.`;
}

const VERBS: { readonly [operation in Operation]: string } = {
  create: "to create",
  update: "to update",
  replace: "to replace",
  delete: "to delete",
  import: "to import",
  read: "to read",
  refresh: "found changed outside",
};

/** `hcloud:index/server:Server` as people say it: `hcloud Server`. */
export function typeWords(type: string): string {
  const [provider = "", ...rest] = type.split(":");
  const kind = rest.at(-1);
  return kind ? `${provider} ${kind}` : type;
}

/** The names of the top properties that a step changes, those that force a replacement first. */
export function changedProperties(diffs: readonly PropertyDiff[]): { name: string; replaces: boolean }[] {
  const names = new Map<string, boolean>();
  for (const diff of diffs) {
    const name = String(segmentsOf(diff.path)[0] ?? diff.path);
    names.set(name, (names.get(name) ?? false) || diff.replaces);
  }
  return [...names]
    .map(([name, replaces]) => ({ name, replaces }))
    .sort((a, b) => Number(b.replaces) - Number(a.replaces));
}

/** The steps that people look at, what can break most first. */
export function stepsForPeople(change: Change): Step[] {
  return change.steps
    .filter((step) => !step.component)
    .sort((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation));
}

export function edgeWords(change: EdgeChange): string {
  const kinds = { worker: "Worker", site: "site", image: "image" } as const;
  return kinds[change.kind];
}

export function number(count: number): string {
  return count.toLocaleString("en-US");
}

export function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `3.1 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `23 November 2026, 14:03 UTC`; the text itself where it is no time. */
export function time(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
