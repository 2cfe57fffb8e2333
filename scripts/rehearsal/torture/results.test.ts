import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { beginResults, type Outcome, resumeResults } from "./results.ts";
import { tally } from "./tally.ts";

const folder = mkdtempSync(join(tmpdir(), "torture-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outcome = (trial: string, more: Partial<Outcome> = {}): Outcome => ({
  trial,
  kind: "kill",
  seconds: 9.5,
  outcomes: ["killed", "succeeded"],
  duplicates: [],
  orphans: [],
  lost: [],
  unequal: [],
  ...more,
});
const head = { code: "abc", writes: [{ cloud: "github" as const, index: 0, call: "POST /repos" }] };

test("A run that was cut off in the middle of a line goes on with all that it had written whole", () => {
  const file = join(folder, "made", "results.jsonl");
  beginResults(file, head).add(outcome("kill pipeline at github 0"));
  appendFileSync(file, '{"trial":"kill worker at gith');
  const resumed = resumeResults(file, "abc");
  expect(resumed).toMatchObject({ writes: head.writes, outcomes: [outcome("kill pipeline at github 0")] });
  resumed?.add(outcome("429 at github 0", { kind: "fault" }));
  expect(resumeResults(file, "abc")?.outcomes.map(({ trial }) => trial)).toEqual([
    "kill pipeline at github 0",
    "429 at github 0",
  ]);
});

test("The results of another program, of none, or of something else are none", () => {
  const file = join(folder, "other.jsonl");
  beginResults(file, head).add(outcome("kill pipeline at github 0"));
  expect(resumeResults(file, "abd")).toBeUndefined();
  expect(resumeResults(join(folder, "none.jsonl"), "abc")).toBeUndefined();
  writeFileSync(file, "not a result");
  expect(resumeResults(file, "abc")).toBeUndefined();
  expect(readFileSync(file, "utf8")).toBe("not a result");
});

test("What was tried and what was wrong is counted; a trial that broke off is neither, and its end is not equal", () => {
  const outcomes = [
    outcome("kill pipeline at github 0"),
    outcome("dropped at github 0", { kind: "fault", duplicates: ["a", "b"], orphans: ["a"] }),
    outcome("500 at github 0", { kind: "fault", lost: ["c"], unequal: ["d"] }),
  ];
  expect(tally(outcomes, 2)).toEqual({ kills: 1, faults: 2, duplicates: 2, orphans: 1, lost: 1, unequal: 3 });
});
