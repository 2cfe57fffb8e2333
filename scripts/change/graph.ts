import type { Operation, Step } from "./model.ts";

/** More nodes than this are no picture any more. */
const MOST_NODES = 40;

const CLASSES: readonly { operation: Operation; style: string }[] = [
  { operation: "create", style: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328" },
  { operation: "import", style: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328" },
  { operation: "update", style: "fill:#fff8c5,stroke:#9a6700,color:#1f2328" },
  { operation: "replace", style: "fill:#ffd8b5,stroke:#bc4c00,color:#1f2328" },
  { operation: "delete", style: "fill:#ffebe9,stroke:#cf222e,color:#1f2328" },
];

/**
 * Mermaid text (https://mermaid.js.org/syntax/flowchart.html) of what changes and what depends on it, or undefined where
 * there is nothing to see. `dependents` are resources that stay as they are and depend on a changed one.
 */
export function renderGraph(
  steps: readonly Step[],
  dependents: readonly { urn: string; name: string; type: string; dependencies: readonly string[] }[] = [],
): string | undefined {
  const changed = steps.filter(
    (step) => !step.component && step.operation !== "refresh" && step.operation !== "read",
  );
  const urns = new Set(changed.map(({ urn }) => urn));
  const nodes = [
    ...changed.map(({ urn, name, type, dependencies, operation }) => ({
      urn,
      name,
      type,
      dependencies,
      operation,
    })),
    ...dependents
      .filter(({ urn, dependencies }) => !urns.has(urn) && dependencies.some((other) => urns.has(other)))
      .map((resource) => ({ ...resource, operation: undefined })),
  ];
  const linked = nodes.filter(({ dependencies }) => dependencies.some((urn) => urns.has(urn)));
  if (linked.length === 0) return undefined;

  // What has an edge tells more than what stands alone.
  const inEdges = new Set(linked.flatMap(({ urn, dependencies }) => [urn, ...dependencies]));
  const shown = [
    ...nodes.filter(({ urn }) => inEdges.has(urn)),
    ...nodes.filter(({ urn }) => !inEdges.has(urn)),
  ].slice(0, MOST_NODES);
  const ids = new Map(shown.map(({ urn }, index) => [urn, `n${index}`]));
  const lines = ["graph LR"];
  for (const node of shown) {
    const kind = node.type.split(":").at(-1) ?? "";
    const verb = node.operation ? `${node.operation} ` : "";
    lines.push(
      `  ${ids.get(node.urn)}["${label(node.name)}<br/>${label(`${verb}${kind}`)}"]${node.operation ? `:::${node.operation}` : ""}`,
    );
  }
  for (const node of shown)
    for (const dependency of new Set(node.dependencies)) {
      const from = ids.get(dependency);
      if (from && dependency !== node.urn) lines.push(`  ${from} --> ${ids.get(node.urn)}`);
    }
  for (const { operation, style } of CLASSES)
    if (shown.some((node) => node.operation === operation)) lines.push(`  classDef ${operation} ${style}`);
  if (nodes.length > shown.length) lines.push(`  more["and ${nodes.length - shown.length} more"]`);
  return lines.join("\n");
}

/** Everything but the plainest characters as an entity, which Mermaid writes `#64;`. */
function label(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return [...cut]
    .map((character) => (/[\w .…-]/.test(character) ? character : `#${character.codePointAt(0)};`))
    .join("");
}
