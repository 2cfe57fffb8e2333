import { expect, it } from "vitest";
import { runBench } from "./testing/run-bench.ts";

it.each([
  [["--runs", "0"], "runs"],
  [["--workers", "1,many"], "workers"],
  [["--case", "lunch"], "case"],
  [["--fast"], "--fast"],
])("refuses %j by naming what is wrong", async (args, named) => {
  const { stderr, stdout, code } = await runBench(...args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(named);
  expect(stderr).toContain("--help");
});
