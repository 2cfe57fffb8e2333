import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, NO_CHROMIUM } from "../scripts/browser/chromium.ts";
import { findParts } from "../scripts/edge/parts.ts";
import { switchTurnstileOn } from "../scripts/edge/turnstile.ts";
import {
  type Answer,
  type Host,
  type StaticHosts,
  startStaticHosts,
} from "../scripts/rehearsal/browser-hosts/start.ts";

const WWW = "https://www-dev.example.com";
const STATUS = "https://status-dev.example.com";
const PREVIEW = "https://pr-7.quayside-www-previews.pages.dev";
const CHALLENGES = "https://challenges.cloudflare.com";
/** Turnstile's script by its contract: a frame of its host, and a hidden field with a token that is good once. */
const WIDGET = `
  let made = 0;
  const token = document.createElement("input");
  window.turnstile = {
    render(place, { sitekey }) {
      const frame = document.createElement("iframe");
      Object.assign(frame, { src: "${CHALLENGES}/frame", title: "Widget", width: place.clientWidth });
      Object.assign(token, { type: "hidden", name: "cf-turnstile-response" });
      place.append(frame, token);
      place.sitekey = sitekey;
      this.reset(place);
    },
    reset(place) {
      token.value = place.sitekey + " " + ++made;
    },
  };`;
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json", "access-control-allow-origin": "*" },
  body: JSON.stringify(body),
});
const stamp = { release: "v1.4.0", sha: "4f2c9e1ab0", stack: "dev", deployedAt: "2026-11-23T09:12:00Z" };
const health = {
  status: "ok",
  reasons: [],
  stack: "dev",
  version: "9c1e77aa-0000",
  tag: "v1.4.0",
  uploadedAt: "2026-11-23T09:11:00Z",
  outbox: { waiting: 0, parked: 0, oldestSeconds: 0 },
};
const day = (date: string, ok: number) => ({
  date,
  parts: {
    Application: { asked: 288, ok },
    Intake: { asked: 288, ok: 288 },
    Website: { asked: 288, ok: 288 },
  },
});
const history = {
  askedAt: "2026-11-25T09:00:00.000Z",
  days: [
    day("2026-11-25", 288),
    day("2026-11-24", 280),
    ...Array.from({ length: 60 }, (_, index) =>
      day(new Date(Date.UTC(2026, 10, 23 - index)).toISOString().slice(0, 10), index === 30 ? 100 : 288),
    ),
  ],
  outages: [
    {
      part: "Application",
      from: "2026-11-24T02:00:00.000Z",
      to: "2026-11-24T02:40:00.000Z",
      why: "Nothing came back within 10 seconds.",
    },
  ],
};
const root = join(import.meta.dirname, "..");
const sites = findParts(root).sites;
/** The page that the edge serves while no server answers; the Worker puts the addresses in. */
const maintenance = readFileSync(join(root, "workers/watch/src/maintenance/page.html"), "utf8")
  .replace("{{status}}", `${STATUS}/`)
  .replace("{{here}}", "/");

const everythingAnswers: StaticHosts["hosts"] & { "www-dev.example.com": Required<Host> } = {
  ...Object.fromEntries(sites.map(({ name, dir }) => [`${name}-dev.example.com`, { folder: dir }])),
  "www-dev.example.com": {
    folder: join(import.meta.dirname, "www"),
    answers: { "GET /release.json": json(stamp), "GET /intake/healthz": json(health) },
  },
  "status-dev.example.com": {
    folder: join(import.meta.dirname, "status"),
    answers: { "GET /release.json": json(stamp), "GET /watch/history": json(history) },
  },
  "pr-7.quayside-www-previews.pages.dev": { folder: join(import.meta.dirname, "www") },
  "challenges.cloudflare.com": {
    answers: {
      "GET /turnstile/v0/api.js": { headers: { "content-type": "text/javascript" }, body: WIDGET },
      "GET /frame": { headers: { "content-type": "text/html" }, body: "<p>Are you a person?</p>" },
    },
  },
  "app-dev.example.com": {
    answers: {
      "GET /": { status: 503, headers: { "content-type": "text/html; charset=utf-8" }, body: maintenance },
      "GET /_release": json({
        server: "server1",
        release: "v1.4.0",
        image: `app@sha256:${"4bd5e0".repeat(11)}`,
      }),
    },
  },
};

const chromium = findChromium();
describe.skipIf(!chromium)(`the sites in a browser${chromium ? "" : ` (left out: ${NO_CHROMIUM})`}`, () => {
  let hosts: StaticHosts;
  let browser: Browser;
  beforeAll(async () => {
    hosts = await startStaticHosts({ ...everythingAnswers });
    browser = await launchChromium({ args: hosts.chromiumArgs });
  });
  afterAll(async () => {
    await browser?.close();
    await hosts?.close();
  });

  /** Opens a page and plays `scene` on it; fails on anything that the page logs as an error, such as a breach of its CSP. */
  async function visit(
    url: string,
    scene: (page: Page) => Promise<void>,
    options: BrowserContextOptions & { failing?: RegExp; from?: string[] } = {},
  ): Promise<void> {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      reducedMotion: "reduce",
      ...options,
    });
    try {
      const page = await context.newPage();
      const errors: string[] = [];
      const strangers: string[] = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => {
        const { host, origin } = new URL(request.url());
        if (!host.endsWith("-dev.example.com") && !options.from?.includes(origin))
          strangers.push(request.url());
      });
      await page.goto(url);
      await scene(page);
      expect(errors.filter((error) => !options.failing?.test(error))).toEqual([]);
      expect(strangers).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it.each([
    ...sites.flatMap(({ name }) => [
      [name, `https://${name}-dev.example.com/`],
      [`${name}, page not found`, `https://${name}-dev.example.com/nowhere`],
    ]),
    ["www, thank-you page", `${WWW}/thanks`],
    ["the maintenance page", "https://app-dev.example.com/"],
  ])("%s passes WCAG 2.2 AA by axe, light and dark, wide and narrow", async (_name, url) => {
    await visit(
      url,
      async (page) => {
        if (url === `${STATUS}/`) {
          await page.waitForSelector("#summary[data-state=good]");
          await page.waitForSelector("#history:not([hidden])");
        }
        for (const [colorScheme, width] of [
          ["light", 1280],
          ["dark", 320],
          ["dark", 1280],
          ["light", 320],
        ] as const) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          expect(await axeFindings(page)).toEqual([]);
          const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
          expect(await page.evaluate(overflow)).toBe(0);
        }
      },
      { failing: /404|503/ },
    );
  });

  it("the form posts as a plain form where there is no JavaScript", async () => {
    hosts.asked.length = 0;
    const answers = { ...everythingAnswers["www-dev.example.com"].answers };
    hosts.hosts["www-dev.example.com"] = {
      ...everythingAnswers["www-dev.example.com"],
      answers: { ...answers, "POST /intake": { status: 303, headers: { location: "/thanks" }, body: "" } },
    };
    await visit(
      WWW,
      async (page) => {
        expect(await page.locator("noscript p").isVisible()).toBe(false);
        await fill(page);
        await page.getByRole("button", { name: "Send" }).click();
        await page.waitForURL(`${WWW}/thanks`);
        expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Thank you, we have it.");
      },
      { javaScriptEnabled: false },
    );
    const [post] = hosts.asked;
    expect(post?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(Object.fromEntries(new URLSearchParams(post?.body))).toEqual({
      name: "Ada Keel",
      email: "ada@example.org",
      vessel: "",
      topic: "supplies",
      message: "Two tonnes of water, please.",
      website: "",
    });
  });

  it("the form stays on the page, thanks, and is empty again", async () => {
    answerPosts(json({ id: "5e0a12bc-d3f4" }, 202));
    await visit(WWW, async (page) => {
      await fill(page);
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByRole("status").filter({ hasText: "5e0a12bc" }).waitFor();
      expect(page.url()).toBe(`${WWW}/`);
      expect(await page.getByLabel("Your message").inputValue()).toBe("");
    });
    expect(JSON.parse(hosts.asked[0]?.body ?? "")).toMatchObject({ name: "Ada Keel", topic: "supplies" });
  });

  it("a post that failed keeps what was typed, and its repetition bears the same idempotency key", async () => {
    answerPosts({ status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad gateway</h1>" });
    await visit(
      WWW,
      async (page) => {
        await fill(page);
        await page.getByRole("button", { name: "Send" }).click();
        await page.getByRole("status").filter({ hasText: "did not reach us" }).waitFor();
        expect(await page.getByLabel("Your message").inputValue()).toBe("Two tonnes of water, please.");
        answerPosts(json({ id: "5e0a12bc-d3f4" }, 202), false);
        await page.getByRole("button", { name: "Send" }).click();
        await page.getByRole("status").filter({ hasText: "5e0a12bc" }).waitFor();
      },
      { failing: /502/ },
    );
    const keys = hosts.asked.map((asked) => asked.headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
  });

  it("errors stand beside their fields, the browser's and the server's, and axe is content with them", async () => {
    answerPosts(
      json({ detail: "…", errors: [{ field: "email", message: "This host takes no mail." }] }, 422),
    );
    await visit(
      WWW,
      async (page) => {
        await page.getByRole("button", { name: "Send" }).click();
        const name = page.getByLabel("Your name");
        expect(await name.getAttribute("aria-invalid")).toBe("true");
        expect(await page.locator("#name-error").textContent()).toBe("Your name is missing.");
        expect(await page.evaluate("document.activeElement.id")).toBe("name");
        expect(await axeFindings(page)).toEqual([]);
        expect(hosts.asked).toEqual([]);

        await fill(page);
        await page.getByRole("button", { name: "Send" }).click();
        await page.getByText("This host takes no mail.").waitFor();
        expect(await page.evaluate("document.activeElement.id")).toBe("email");
        expect(await name.getAttribute("aria-invalid")).toBeNull();
      },
      { failing: /422/ },
    );
  });

  it("where the stack has a site key, the form has Turnstile's widget, and each post a token of its own", async () => {
    const folder = mkdtempSync(join(tmpdir(), "www-"));
    cpSync(join(import.meta.dirname, "www"), folder, { recursive: true });
    switchTurnstileOn(folder, "1x00000000000000000000AA");
    const refusal = json({ detail: "Please pass the check that you are a person." }, 403);
    hosts.asked.length = 0;
    const www = (post: Answer): StaticHosts["hosts"] => ({
      ...everythingAnswers,
      "www-dev.example.com": { folder, answers: { "POST /intake": post } },
    });
    try {
      await withHosts(www(refusal), () =>
        visit(
          WWW,
          async (page) => {
            await page.frameLocator(".person iframe").getByText("Are you a person?").waitFor();
            expect(await axeFindings(page)).toEqual([]);
            await fill(page);
            await page.getByRole("button", { name: "Send" }).click();
            await page.getByRole("status").filter({ hasText: "Please pass the check" }).waitFor();
            Object.assign(hosts.hosts, www(json({ id: "5e0a12bc-d3f4" }, 202)));
            await page.getByRole("button", { name: "Send" }).click();
            await page.getByRole("status").filter({ hasText: "5e0a12bc" }).waitFor();
          },
          { failing: /403/, from: [CHALLENGES] },
        ),
      );
      await withHosts(www(refusal), () =>
        visit(WWW, async (page) => page.locator("noscript p").waitFor(), { javaScriptEnabled: false }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
    const posts = hosts.asked.filter(({ route }) => route === "POST /intake");
    expect(posts.map(({ body }) => JSON.parse(body)["cf-turnstile-response"])).toEqual([
      "1x00000000000000000000AA 1",
      "1x00000000000000000000AA 2",
    ]);
    expect(new Set(posts.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  });

  it("in a preview the form says that what is written there goes nowhere, and sends nothing", async () => {
    hosts.asked.length = 0;
    await visit(
      PREVIEW,
      async (page) => {
        // The page looks as it will, until somebody begins to write.
        expect(await page.locator(".form-status").isVisible()).toBe(false);
        await fill(page);
        await page.getByRole("status").filter({ hasText: "This is a preview" }).waitFor();
        await page.getByRole("button", { name: "Send" }).click();
        expect(
          await page.evaluate("document.activeElement.role ?? document.activeElement.className"),
        ).toMatch(/status/);
        expect(await page.getByLabel("Your message").inputValue()).toBe("Two tonnes of water, please.");
      },
      { from: [PREVIEW] },
    );
    expect(hosts.asked).toEqual([]);
  });

  it("the status page knows its stack's hosts by its own name, and says which release each part runs", async () => {
    await visit(STATUS, async (page) => {
      await page.waitForSelector("#summary[data-state=good]");
      expect(await page.locator("#summary").textContent()).toBe(
        "Everything answers, and runs release v1.4.0.",
      );
      expect(await page.locator("#stack").textContent()).toBe("Stack dev");
      expect(await page.locator(".part h2").allTextContents()).toEqual([
        "Application",
        "Intake",
        "Website",
        "This page",
      ]);
      expect(await page.locator(".part").first().textContent()).toContain("4bd5e04bd5e0");
    });
  });

  it("the status page shows what was, by part and day, and when a part was out", async () => {
    await visit(STATUS, async (page) => {
      await page.waitForSelector("#history:not([hidden])");
      const shares = await page.locator(".shares dd").allTextContents();
      expect(shares.map((text) => text.trim())).toEqual([
        "98.90 % answered2 of 62 days with gaps",
        "100 % answeredevery day whole",
        "100 % answeredevery day whole",
      ]);
      expect(await page.locator("#outages li").allTextContents()).toEqual([
        expect.stringMatching(
          /^Application24 Nov 2026, .*for 40 minutesNothing came back within 10 seconds\.$/,
        ),
      ]);
    });
  });

  it("the status page says plainly what does not answer, and why", async () => {
    await withHosts(
      {
        ...everythingAnswers,
        "app-dev.example.com": { answers: {} },
        "www-dev.example.com": {
          ...everythingAnswers["www-dev.example.com"],
          answers: {
            "GET /release.json": { status: 404, headers: { "access-control-allow-origin": "*" }, body: "" },
            "GET /intake/healthz": json({
              ...health,
              status: "degraded",
              reasons: ["the backend does not take messages, they are kept"],
              outbox: { waiting: 42, parked: 0, oldestSeconds: 1900 },
            }),
          },
        },
      },
      () =>
        visit(
          STATUS,
          async (page) => {
            await page.waitForSelector("#summary[data-state=bad]");
            expect(await page.locator("#summary").textContent()).toBe("Not as it should be: Application.");
            const [app, intake, www] = await page.locator(".part").allTextContents();
            expect(app).toContain("Does not answer");
            expect(intake).toContain("The backend does not take messages, they are kept.");
            expect(intake).toContain("42, the oldest for 32 minutes");
            expect(www).toContain("No release");
            expect(await axeFindings(page)).toEqual([]);
          },
          { failing: /404|net::ERR/ },
        ),
    );
  });

  it("asks again when asked to", async () => {
    await visit(STATUS, async (page) => {
      await page.waitForSelector("#summary[data-state=good]");
      await withHosts(
        {
          ...everythingAnswers,
          "app-dev.example.com": { answers: { "GET /_release": json({ release: "v1.5.0", image: "app" }) } },
        },
        async () => {
          await page.getByRole("button", { name: "Ask again" }).click();
          await page.getByText("Not every part is of the same release: v1.5.0 and v1.4.0.").waitFor();
        },
      );
    });
  });

  function answerPosts(answer: Answer, forget = true): void {
    if (forget) hosts.asked.length = 0;
    const www = everythingAnswers["www-dev.example.com"];
    hosts.hosts["www-dev.example.com"] = { ...www, answers: { ...www.answers, "POST /intake": answer } };
  }

  async function withHosts(changed: StaticHosts["hosts"], work: () => Promise<void>): Promise<void> {
    Object.assign(hosts.hosts, changed);
    try {
      await work();
    } finally {
      Object.assign(hosts.hosts, everythingAnswers);
    }
  }
});

it.each(sites.map(({ name }) => name))(
  "%s has what browsers, crawlers and finders of holes look for",
  (site) => {
    const folder = join(import.meta.dirname, site);
    const files = [
      "index.html",
      "404.html",
      "_headers",
      "robots.txt",
      "favicon.svg",
      ".well-known/security.txt",
    ];
    for (const file of files) expect(statSync(join(folder, file)).isFile()).toBe(true);
    const expires = /^Expires: (.+)$/m.exec(
      readFileSync(join(folder, ".well-known/security.txt"), "utf8"),
    )?.[1];
    // RFC 9116: past this day the file says nothing any more.
    expect(new Date(expires ?? 0).getTime()).toBeGreaterThan(Date.now());
  },
);

it.each(sites.map(({ name }) => name))(
  "%s weighs less than 60 kB before compression and runs no inline code",
  (site) => {
    const folder = join(import.meta.dirname, site);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) =>
      join(folder, file),
    );
    const bytes = files.reduce((sum, file) => sum + (statSync(file).isFile() ? statSync(file).size : 0), 0);
    expect(bytes).toBeLessThan(60_000);
    for (const file of files.filter((path) => path.endsWith(".html")))
      expect(readFileSync(file, "utf8")).not.toMatch(/<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=/);
    const headers = readFileSync(join(folder, "_headers"), "utf8");
    for (const header of [
      /^\/\*\n(?: .*\n)* {2}Content-Security-Policy: default-src 'none';/m,
      /X-Content-Type-Options: nosniff/,
      /Referrer-Policy:/,
      /Permissions-Policy:/,
      /frame-ancestors 'none'/,
    ])
      expect(headers).toMatch(header);
  },
);

async function fill(page: Page): Promise<void> {
  await page.getByLabel("Your name").fill("Ada Keel");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByLabel("It is about").selectOption("supplies");
  await page.getByLabel("Your message").fill("Two tonnes of water, please.");
}

/** What axe finds against WCAG 2.2 AA, as rule and place. */
async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axeSource);
  return page.evaluate(`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then((found) =>
    found.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + " at " + node.target.join(" "))))`);
}
