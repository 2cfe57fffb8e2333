import { expect, it } from "vitest";
import { z } from "zod";
import { runBench } from "./testing/run-bench.ts";

const Row = z.strictObject({
  case: z.string(),
  workers: z.number(),
  ours_s: z.number().positive(),
  stock_s: z.number().positive(),
  ratio: z.number().positive(),
  ours_mb: z.number().positive(),
  stock_mb: z.number().positive(),
});

it("measures a first deploy on both sides with the real engine and wrangler, and prints one row as JSON", async () => {
  const { stdout, stderr, code } = await runBench(
    "--quick",
    "--json",
    "--case",
    "first-deploy",
    "--latency",
    "0",
  );
  expect(code, stderr).toBe(0);
  const { rows } = z.strictObject({ rows: z.array(Row) }).parse(JSON.parse(stdout));
  expect(rows).toMatchObject([{ case: "first-deploy", workers: 1 }]);
  const [row] = rows;
  expect(row?.ratio).toBeCloseTo((row?.stock_s ?? 0) / (row?.ours_s ?? 1), 1);
  // Whole processes were seen, children included: an engine alone takes more than that.
  expect(Math.min(row?.ours_mb ?? 0, row?.stock_mb ?? 0)).toBeGreaterThan(150);
  expect(stderr).toContain("first deploy, 1 Worker, run 1 of 1, stock");
}, 120_000);
