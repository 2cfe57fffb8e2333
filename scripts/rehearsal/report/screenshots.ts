/**
 * Takes the pictures of the documentation from the last rehearsal's report: the preview's comment, and the top of the
 * report. `npm run screenshots`, after `npm run rehearse`; `npm run screenshots -- DIR` for a rehearsal with `--dir DIR`.
 */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { launchChromium } from "../../browser/chromium.ts";

const root = dirname(dirname(dirname(import.meta.dirname)));
const report = join(resolve(root, process.argv[2] ?? ".rehearsal"), "index.html");
const folder = join(root, "docs", "images");

/** A picture heavier than this makes the repository heavy with every new one. */
const MOST_BYTES = 200_000;

if (!existsSync(report)) throw new Error(`There is no ${report} yet: npm run rehearse`);
mkdirSync(folder, { recursive: true });
const browser = await launchChromium();
try {
  await take(browser, "comment.png", "#pull-request .evidence[open] article");
  await take(browser, "rehearsal.png", "header.top");
} finally {
  await browser.close();
}

async function take(browser: Browser, name: string, selector: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 1000 },
    // The page's column becomes about 1150 pixels wide.
    deviceScaleFactor: 1.15,
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(pathToFileURL(report).href);
  const path = join(folder, name);
  await page.locator(selector).first().screenshot({ path });
  await context.close();
  const { size } = statSync(path);
  if (size > MOST_BYTES) throw new Error(`docs/images/${name} has ${size} bytes, more than ${MOST_BYTES}`);
  process.stdout.write(`docs/images/${name}  ${Math.round(size / 1024)} KiB\n`);
}
