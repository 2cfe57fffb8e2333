import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { quickestPlace } from "./quickest-place.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "place-"));
});
afterEach(() => vi.unstubAllEnvs());

test("A place with room where programs may run is taken, and nothing is left in it", () => {
  vi.stubEnv("TMPDIR", undefined);
  expect(quickestPlace(folder)).toBe(folder);
  expect(readdirSync(folder)).toEqual([]);
});

test("Where there is none, it is where temporary files always are", () => {
  vi.stubEnv("TMPDIR", undefined);
  expect(quickestPlace(join(folder, "none"))).toBe(tmpdir());
});

test.runIf(existsSync("/proc/self"))("Where nothing may be written or run, neither", () => {
  vi.stubEnv("TMPDIR", undefined);
  expect(quickestPlace("/proc")).toBe(tmpdir());
});

test("Who names a place gets it", () => {
  vi.stubEnv("TMPDIR", folder);
  expect(quickestPlace("/elsewhere")).toBe(folder);
});
