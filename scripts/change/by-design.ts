import { pathOf, segmentsOf } from "./paths.ts";

/**
 * What the sha of a commit changes by design: the reviewed head and the merge commit differ in these places only, and that
 * must not count as another change. A type that ends with `*` is a prefix.
 */
const BY_DESIGN: readonly { type: string; path: string; reason: string }[] = [
  {
    type: "hcloud:*",
    path: "labels.commit",
    reason: "The commit that last touched a resource; nothing reads it but people in the Hetzner Console.",
  },
  {
    type: "pulumi:pulumi:Stack",
    path: "commit",
    reason: "The commit as a stack output, for people and dashboards.",
  },
];

/** True when a property differs from commit to commit by design. */
export function byDesign(type: string, path: string): boolean {
  const plain = pathOf(segmentsOf(path));
  return BY_DESIGN.some(
    (row) =>
      row.path === plain &&
      (row.type.endsWith("*") ? type.startsWith(row.type.slice(0, -1)) : row.type === type),
  );
}
