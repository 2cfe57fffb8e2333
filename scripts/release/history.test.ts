import { expect, test } from "vitest";
import { historyOf } from "./history.ts";
import { manifest } from "./testing/manifest.ts";

test("The history says what each release was, what of it was new, and which one is live", () => {
  const one = manifest(1);
  const two = manifest(2, { sites: one.sites });
  const failed = manifest(3, { outcome: "failed" });
  const back = {
    ...one,
    id: "dev-rollback-4",
    kind: "rollback" as const,
    rollback: { from: "dev-3-abc", to: "dev-1-abc", scope: "edge" as const },
  };
  const resumed = { ...back, id: "dev-resume-5", kind: "resume" as const, rollback: undefined };
  const rows = historyOf([resumed, back, failed, two, one]);
  expect(rows.map(({ what, changed, isLive }) => [what, changed, isLive])).toEqual([
    ["resumed", "", true],
    ["rolled back to dev-1-abc (edge)", "intake www image", false],
    ["deployment failed", "intake www image", false],
    ["deployed", "intake image", false],
    ["deployed", "everything", false],
  ]);
  expect(rows.at(-1)).toMatchObject({
    release: "dev-1-abc",
    ref: "main",
    commit: "0000000",
    image: "111111111111",
    by: "robin",
    at: "2026-11-20 13:01",
    took: "1 min 0 s",
  });
});

test("Where nothing has succeeded, nothing is live", () => {
  expect(historyOf([manifest(1, { outcome: "failed" })])).toMatchObject([{ isLive: false, failed: true }]);
  expect(historyOf([])).toEqual([]);
});
