import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ownEngineHome } from "./engine-home.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "engine-home-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it("has the person's engines, and keeps to itself what they leave", () => {
  const theirs = join(folder, "theirs");
  mkdirSync(join(theirs, "versions"), { recursive: true });
  writeFileSync(join(theirs, "versions", "engine"), "an engine");
  vi.stubEnv("PULUMI_HOME", theirs);
  const own = ownEngineHome(join(folder, "world"));
  expect(ownEngineHome(join(folder, "world"))).toBe(own);
  expect(readFileSync(join(own, "versions", "engine"), "utf8")).toBe("an engine");
  // Where they have no plugins, the world's are its own.
  expect(existsSync(join(own, "plugins"))).toBe(false);
  writeFileSync(join(own, "log"), "");
  expect(existsSync(join(theirs, "log"))).toBe(false);
});
