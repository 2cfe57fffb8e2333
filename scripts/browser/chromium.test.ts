import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findChromium } from "./chromium.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "browsers-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, "");
  chmodSync(path, 0o755);
  return path;
}

it("takes the first browser on the PATH", () => {
  const path = program("google-chrome");
  expect(findChromium({ PATH: ["/nowhere", folder].join(delimiter) })).toBe(path);
});

it("takes the one that has no window before one that has", () => {
  program("chromium");
  const path = program("chromium-headless-shell");
  expect(findChromium({ PATH: folder })).toBe(path);
});

it("takes the one that CHROMIUM_PATH names before any other", () => {
  program("chromium");
  const path = program("my-browser");
  expect(findChromium({ PATH: folder, CHROMIUM_PATH: path })).toBe(path);
});

it("takes no other one when CHROMIUM_PATH names none", () => {
  program("chromium");
  expect(findChromium({ PATH: folder, CHROMIUM_PATH: join(folder, "gone") })).toBeUndefined();
});
