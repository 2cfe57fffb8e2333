import { expect, test } from "vitest";
import { holdOf, refuseWhileHeld } from "./rolled-back.ts";
import { manifest } from "./testing/manifest.ts";

const back = manifest(3, {
  id: "dev-rollback-3",
  kind: "rollback",
  actor: "kim",
  rollback: { from: "dev-2-abc", to: "dev-1-abc", scope: "edge" },
});

test("A deployment after a rollback is stopped, and learns from what, to what, by whom and when", () => {
  expect(() => refuseWhileHeld("dev", back)).toThrow(
    "dev was rolled back from dev-2-abc to dev-1-abc (edge) by kim at 2026-11-20 15:01 UTC.",
  );
  expect(() => refuseWhileHeld("dev", { ...back, outcome: "failed" })).toThrow(
    expect.objectContaining({ code: "rolled-back", exitCode: 3, fix: expect.stringContaining("resume") }),
  );
});

test("A stack without a release, one that was deployed, and one that was resumed are not held", () => {
  for (const last of [undefined, manifest(3), { ...back, kind: "resume" as const }]) {
    expect(holdOf(last)).toBeUndefined();
    expect(() => refuseWhileHeld("dev", last)).not.toThrow();
  }
});
