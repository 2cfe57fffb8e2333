import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { findChromium } from "../browser/chromium.ts";
import { comparePages } from "./compare-pages.ts";

test.skipIf(!findChromium())(
  "what is different on a page is counted and framed; what is the same is not",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "visual-"));
    try {
      const page = (name: string, title: string, foot: string) => {
        const file = join(folder, name);
        writeFileSync(
          file,
          `<!doctype html><title>x</title><h1>${title}</h1><p style="margin-top: 900px">${foot}</p>`,
        );
        return pathToFileURL(file).href;
      };
      const before = page("before.html", "Harbour", "Open at night");
      const compared = await comparePages(
        [
          { name: "same", before, after: page("same.html", "Harbour", "Open at night") },
          {
            name: "widget",
            before,
            after: page(
              "widget.html",
              "Harbour",
              'Open at night<span data-turnstile-site-key="0x4">?</span>',
            ),
          },
          { name: "two", before, after: page("two.html", "Quayside", "Open at noon") },
          { name: "longer", before, after: page("longer.html", "Harbour<br>of ours", "Open at night") },
          { name: "new", before: pathToFileURL(join(folder, "nowhere.html")).href, after: before },
        ],
        {},
      );
      expect(compared.map(({ name, places, marked }) => [name, places, marked !== undefined])).toEqual([
        ["same", 0, false],
        ["widget", 0, false],
        ["two", 2, true],
        // What is only further down is not framed.
        ["longer", 1, true],
        ["new", undefined, false],
      ]);
      for (const { after, marked } of compared)
        for (const png of [after, marked ?? after]) expect(png.subarray(1, 4).toString()).toBe("PNG");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
