import { expect, it } from "vitest";
import { renderGraph } from "./graph.ts";
import type { Step } from "./model.ts";

function stepOf(name: string, dependencies: string[] = [], over: Partial<Step> = {}): Step {
  return {
    urn: `urn:${name}`,
    type: "hcloud:index/server:Server",
    name,
    operation: "update",
    dependencies: dependencies.map((other) => `urn:${other}`),
    protected: false,
    replaceKeys: [],
    diffs: [],
    ...over,
  };
}

it("points from what changes to what depends on it, changed or not", () => {
  const unchanged = {
    urn: "urn:dns",
    name: "dns",
    type: "cloudflare:index/dnsRecord:DnsRecord",
    dependencies: ["urn:ip"],
  };
  const graph = renderGraph([stepOf("ip", [], { operation: "replace" }), stepOf("app", ["ip"])], [unchanged]);
  expect(graph?.split("\n").slice(0, 6)).toEqual([
    "graph LR",
    '  n0["ip<br/>replace Server"]:::replace',
    '  n1["app<br/>update Server"]:::update',
    '  n2["dns<br/>DnsRecord"]',
    "  n0 --> n1",
    "  n0 --> n2",
  ]);
});

it("is left out where nothing depends on anything", () => {
  expect(renderGraph([stepOf("a"), stepOf("b")])).toBeUndefined();
});

it("stays small, and says how much it leaves out", () => {
  const graph = renderGraph(
    Array.from({ length: 500 }, (_, i) => stepOf(`s${i}`, i > 0 ? [`s${i - 1}`] : [])),
  );
  expect(graph).toContain('more["and 460 more"]');
  expect(graph?.split("\n").length).toBeLessThan(100);
});

it("lets no name out of its label", () => {
  const graph = renderGraph([
    stepOf('a"]; click n0 "https://x"'),
    stepOf("b`<script>", ['a"]; click n0 "https://x"']),
  ]);
  expect(graph).not.toMatch(/click n0 "|<script>|`|https:\/\//);
});
