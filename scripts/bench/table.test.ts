import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { Row } from "./cases.ts";
import { median } from "./median.ts";
import { renderTable } from "./table.ts";

const row = (more: Partial<Row>): Row => ({
  case: "preview",
  workers: 5,
  ours_s: 2,
  stock_s: 8,
  ratio: 4,
  ours_mb: 300,
  stock_mb: 400,
  ...more,
});
const render = (...rows: Row[]) =>
  renderTable(rows, { runs: 5, latencyMs: 50, stream: new PassThrough() as unknown as NodeJS.WriteStream });

it("an aim that every row reaches is met, and no aim is spoken of that was not measured", () => {
  const table = render(row({}), row({ workers: 20, ratio: 3 }));
  expect(table).toMatch(/met {6}preview of two stacks: at least 3 times as fast/);
  expect(table).not.toContain("not met");
  expect(table).not.toContain("first deploy");
});

it("an aim that a row misses is not met, and the row is named", () => {
  const table = render(
    row({}),
    row({ workers: 20, ratio: 2.4 }),
    row({ case: "first-deploy", ours_mb: 500 }),
  );
  expect(table).toMatch(/not met {2}preview of two stacks.*\(20 Workers: 2\.4×\)/);
  expect(table).toMatch(/not met {2}peak memory.*\(first-deploy, 5: \+100 MB\)/);
});

it("says beside the figures how they were taken and what stock is", () => {
  expect(render(row({}))).toMatch(/Medians of 5 interleaved runs[\s\S]*Stock: one pulumi process a stack/);
});

it("a median is the middle value, or the mean of the two in the middle", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 7])).toBe(6);
  expect(() => median([])).toThrow(RangeError);
});
