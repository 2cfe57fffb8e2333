import { expect, test } from "vitest";
import { readRollout } from "./rollout-settings.ts";

test("A stack without the key gives all of the traffic at once; one with steps gets the rest of the settings", () => {
  expect(readRollout(undefined, "infra/Pulumi.dev.yaml")).toBeUndefined();
  expect(readRollout({ steps: [10, 50] }, "infra/Pulumi.dev.yaml")).toEqual({
    steps: [10, 50],
    watchSeconds: 120,
    maxErrorPercent: 1,
  });
});

test.each([
  [{ steps: [50, 10] }, "must rise"],
  [{ steps: [100] }, "steps"],
  [{ steps: [] }, "steps"],
  [{ steps: [10], seconds: 5 }, "seconds"],
  ["10 %", "expected object"],
])("What can't be read is named with its file: %j", (value, hint) => {
  expect(() => readRollout(value, "infra/Pulumi.dev.yaml")).toThrow(
    expect.objectContaining({
      code: "rollout-config",
      exitCode: 2,
      message: expect.stringMatching(new RegExp(`Pulumi\\.dev\\.yaml[\\s\\S]*${hint}`)),
    }),
  );
});
