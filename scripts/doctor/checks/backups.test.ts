import { expect, test } from "vitest";
import { judgeBackup } from "./backups.ts";

const NOW = new Date("2026-11-27T12:00:00Z");
const backup = (outcome: string | null, last: string | null, error: string | null = null) => ({
  outcome,
  last,
  error,
});
const told = (...given: [ReturnType<typeof backup>, boolean?]) =>
  judgeBackup("dev", given[0], given[1] ?? true, NOW).map(({ text }) => text);

test("a backup of last night, and a server that was just born, are well", () => {
  expect(told(backup("succeeded", "2026-11-27T03:10:00Z"))).toEqual([]);
  expect(told(backup(null, null))).toEqual([]);
  // One night was missed.
  expect(told(backup("succeeded", "2026-11-25T03:10:00Z"))).toEqual([]);
});

test("one that failed says why, and what there is", () => {
  expect(told(backup("failed", "2026-11-26T03:10:00Z", "Access Denied."))).toEqual([
    expect.stringMatching(/failed: Access Denied\..*of 2026-11-26T03:10:00Z/) as string,
  ]);
  expect(told(backup("failed", null))).toEqual([expect.stringContaining("There is none") as string]);
});

test("a timer that does not run any more is noticed by the newest backup's age", () => {
  expect(told(backup("succeeded", "2026-11-24T03:10:00Z"))).toEqual([
    expect.stringContaining("makes none any more") as string,
  ]);
});

test("without BACKUP_* something is wrong only where there is a bucket for them", () => {
  expect(told(backup("off", null), false)).toEqual([]);
  expect(told(backup("off", null))).toEqual([expect.stringContaining("no BACKUP_* values") as string]);
});
