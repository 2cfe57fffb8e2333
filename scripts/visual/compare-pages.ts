import type { Browser, BrowserContextOptions } from "playwright-core";
import { launchChromium } from "../browser/chromium.ts";
import { markDifferences } from "./mark-differences.ts";

/** One page, where it is now and where it will be. */
export interface PagePair {
  /** `www/thanks`, for people and for files. */
  name: string;
  before: string;
  after: string;
}

export interface ComparedPage {
  name: string;
  /** PNG each; there is no earlier picture of a page that is new. */
  before?: Buffer;
  after: Buffer;
  /** The later picture with its differences framed; only where there are any. */
  marked?: Buffer;
  /** Places that look different; undefined for a new page. */
  places?: number;
}

/** A desk's width; the pages are one column on a phone, with the same words. */
const VIEW = { width: 1200, height: 800 };
const LIMIT_MS = 20_000;
/** Turnstile's widget looks as it likes, and previews have none. Set by script, as a page's policy may forbid styles. */
const WITHOUT_WIDGET = `for (const place of document.querySelectorAll("[data-turnstile-site-key]"))
  place.style.display = "none"`;

/**
 * Takes a picture of each page before and after, whole and light, and frames the differences.
 *
 * @param env for HTTPS_PROXY, and NODE_EXTRA_CA_CERTS: a browser can't be told of a certificate by that, so where it is set
 *   the browser takes any. Nothing is done here but looking.
 * @throws UserError `no-chromium`
 */
export async function comparePages(
  pairs: readonly PagePair[],
  env: NodeJS.ProcessEnv,
): Promise<ComparedPage[]> {
  const browser = await launchChromium({
    args: env.HTTPS_PROXY ? [`--proxy-server=${env.HTTPS_PROXY}`] : [],
  });
  try {
    const trust = env.NODE_EXTRA_CA_CERTS ? { ignoreHTTPSErrors: true } : {};
    const compared: ComparedPage[] = [];
    for (const { name, before, after } of pairs) {
      const [old, now] = await Promise.all([picture(browser, before, trust), picture(browser, after, trust)]);
      if (!now) continue;
      compared.push(await compare(browser, name, old, now));
    }
    return compared;
  } finally {
    await browser.close();
  }
}

async function compare(
  browser: Browser,
  name: string,
  before: Buffer | undefined,
  after: Buffer,
): Promise<ComparedPage> {
  if (!before) return { name, after };
  const blank = await browser.newPage();
  try {
    const { picture: marked, places } = await markDifferences(blank, before, after);
    return { name, before, after, places, ...(places > 0 ? { marked } : {}) };
  } finally {
    await blank.close();
  }
}

/** The whole page as a PNG; undefined where there is none. */
async function picture(
  browser: Browser,
  url: string,
  trust: BrowserContextOptions,
): Promise<Buffer | undefined> {
  const context = await browser.newContext({
    ...trust,
    viewport: VIEW,
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  try {
    const page = await context.newPage();
    const response = await page.goto(url, { waitUntil: "load", timeout: LIMIT_MS }).catch(() => undefined);
    if (!response) return undefined;
    await page.evaluate(WITHOUT_WIDGET);
    return await page.screenshot({ fullPage: true, animations: "disabled" });
  } finally {
    await context.close();
  }
}
