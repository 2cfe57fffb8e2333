import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, NO_CHROMIUM } from "../../browser/chromium.ts";
import type { Rehearsal } from "../play.ts";
import { renderReport } from "./report.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What must stay text wherever it comes from. */
const HOSTILE = `"><script>document.title = "owned"</script><img src=https://elsewhere.example/x onerror=alert(1)>`;

const COMMENT = `<!-- quayside:preview -->
### Preview: needs approval

| Stack | Verdict | Create | Cost a month |
| :-- | :-- | --: | --: |
| **\`dev\`** | Needs approval | 7 | &#36;39.43 → &#36;77.52 |

#### \`dev\`: needs approval

> [!CAUTION]
> One step needs approval.<br>
> *To allow it:* label \`allow:cost-above:dev\`

<details><summary>Properties of 1 resource</summary>

\`\`\`diff
- size: 20
+ size: 40
  name: "</code></pre><script>1</script>"
\`\`\`

</details>

\`\`\`mermaid
graph LR; a-->b
\`\`\`

Raw: <script>document.title = "owned"</script> <img src="https://elsewhere.example/pixel.png" onerror="alert(1)">
<iframe src="https://elsewhere.example/"></iframe><style>body { display: none }</style>
<a href="javascript:document.title='owned'" onclick="alert(1)">raw link</a> [link](javascript:alert(1))

[good](https://example.com/run)
![picture](https://elsewhere.example/picture.png)

</div></article></details></section></main>

<details open class="scene"><summary>Left open
`;

function rehearsal(): Rehearsal {
  return {
    schema: 1,
    startedAt: "2026-11-24T00:46:46.036Z",
    seconds: 61.2,
    chapters: [
      { name: "loop", title: "The loop", tells: "Every day.", stageSeconds: 3.1 },
      { name: "intake", title: `The servers are down ${HOSTILE}`, tells: HOSTILE, stageSeconds: 2 },
      {
        name: "vm",
        title: "Machines",
        tells: "Real ones.",
        stageSeconds: 0,
        skipped: `no systemd ${HOSTILE}`,
      },
    ],
    outcome: "failed",
    standIns: [`The clouds: emulators. ${HOSTILE}`],
    scenes: [
      {
        chapter: "loop",
        name: "pull-request",
        title: "A pull request says what it would do",
        tells: "A colleague opens a pull request.",
        seconds: 12.7,
        expectations: [
          { text: "The pull request has one comment", ok: true },
          { text: "The comment says what it costs", ok: true },
        ],
        jobs: [
          {
            name: "Preview",
            command: "npm run preview",
            exitCode: 0,
            seconds: 6.7,
            file: "evidence/1.log.txt",
          },
        ],
        evidence: [
          { title: "The comment", kind: "comment", file: "evidence/2.md" },
          { title: "Job summary", kind: "summary", file: "evidence/2.md" },
          { title: "The issue", kind: "issue", file: "evidence/3.md" },
          { title: "The landing page", kind: "page", file: "evidence/4.html.txt" },
          { title: "An answer", kind: "json", file: "evidence/5.json" },
        ],
      },
      {
        chapter: "intake",
        name: "merge",
        title: `The merge deploys dev ${HOSTILE}`,
        tells: HOSTILE,
        seconds: 45,
        expectations: [
          { text: "Dev's landing page has the new words", ok: false, seen: `404 ${HOSTILE}` },
          { text: `The form is answered 202 ${HOSTILE}`, ok: true },
        ],
        jobs: [],
        evidence: [],
      },
      {
        chapter: "loop",
        name: "release",
        title: "A tag releases to prod",
        tells: "Version v1.1.0 is tagged.",
        seconds: 0.4,
        expectations: [],
        jobs: [],
        evidence: [],
        error: `Error: Hetzner answered 500 ${HOSTILE}\n    at scene`,
      },
    ],
  };
}

let dir: string;
let page: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "report-"));
  mkdirSync(join(dir, "evidence"));
  const log = `\u001b[32m✓\u001b[39m Preview of dev  1.2 s\n::group::The plan\n  one step\n::endgroup::\n::warning::Mind ${HOSTILE}%0Athe step\n✗ Broken\n{"outcome":"succeeded","text":${JSON.stringify(HOSTILE)}}`;
  writeFileSync(join(dir, "evidence/1.log.txt"), log);
  writeFileSync(join(dir, "evidence/2.md"), COMMENT);
  writeFileSync(
    join(dir, "evidence/3.md"),
    `# prod has drifted ${HOSTILE}\n\nFound on **prod**.\n${COMMENT}`,
  );
  writeFileSync(join(dir, "evidence/4.html.txt"), `<!doctype html><script src="/app.js"></script>${HOSTILE}`);
  writeFileSync(join(dir, "evidence/5.json"), JSON.stringify({ text: HOSTILE }));
  page = await renderReport(rehearsal(), dir);
  writeFileSync(join(dir, "index.html"), page);
});
afterAll(() => rmSync(dir, { recursive: true }));

it("holds every expectation, and what was seen where one was not met", () => {
  for (const text of ["The pull request has one comment", "The comment says what it costs"])
    expect(page).toContain(text);
  expect(page).toContain("Dev&#39;s landing page has the new words");
  expect(page).toContain("404 &quot;&gt;&lt;script&gt;");
  expect(page).toContain("3 of 4 expectations met");
  expect(page).toContain("Hetzner answered 500");
});

it("has no markup that came with the evidence", () => {
  expect(page).not.toMatch(/<(?:script|img|iframe|style|object|form)\b(?![^>]*>:root)/i);
  expect(page).not.toMatch(/<[^>]*(?:\son[a-z]+=|javascript:)/i);
});

it("reads a log as GitHub does: groups, annotations, the result apart, no colour codes", () => {
  expect(page).toContain('<span class="line group">The plan');
  expect(page).toContain('<span class="line warning">Warning: Mind');
  expect(page).toContain("&quot;outcome&quot;: &quot;succeeded&quot;");
  expect(page).not.toMatch(/::(?:group|endgroup|warning)/);
  expect(page).not.toContain("\u001b");
});

it("says how it went in a passed rehearsal too", async () => {
  const [scene] = rehearsal().scenes;
  const good = await renderReport({ ...rehearsal(), outcome: "passed", scenes: scene ? [scene] : [] }, dir);
  expect(good).toContain("The rehearsal passed");
  expect(good).toContain("All 2 expectations met");
  expect(good).not.toContain("What was not as expected");
});

const chromium = findChromium();
describe.skipIf(!chromium)(`in a browser${chromium ? "" : ` (left out: ${NO_CHROMIUM})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open(use: (page: Page) => Promise<void>, javaScriptEnabled = true): Promise<void> {
    const context = await browser.newContext({ reducedMotion: "reduce", javaScriptEnabled });
    try {
      const tab = await context.newPage();
      const strangers: string[] = [];
      const complaints: string[] = [];
      tab.on("request", (request) => strangers.push(request.url()));
      tab.on("console", (message) => complaints.push(message.text()));
      const address = pathToFileURL(join(dir, "index.html")).href;
      await tab.goto(address);
      await use(tab);
      expect(strangers.filter((url) => url !== address && !url.startsWith("data:"))).toEqual([]);
      // Its own policy would tell here of anything that the page tried to load or to run.
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  }

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 320],
    ["dark", 320],
  ] as const)(
    "passes WCAG 2.2 AA by axe with all folds open, %s, %i px wide, and does not scroll sideways",
    async (colorScheme, width) => {
      await open(async (tab) => {
        await tab.emulateMedia({ colorScheme });
        await tab.setViewportSize({ width, height: 900 });
        await tab.evaluate('document.querySelectorAll("details").forEach((fold) => { fold.open = true; })');
        await tab.evaluate(axeSource);
        const findings =
          await tab.evaluate(`axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
        .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" | ")))`);
        expect(findings).toEqual([]);
        expect(
          await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
        ).toBe(0);
      });
    },
  );

  it("runs nothing of what the evidence holds, and keeps every scene in its place", async () => {
    await open(async (tab) => {
      expect(await tab.title()).toBe("Rehearsal failed");
      expect(await tab.evaluate('document.querySelectorAll("main > section.scene").length')).toBe(3);
      expect(await tab.evaluate('document.querySelectorAll("body > footer").length')).toBe(1);
      const links = await tab.evaluate(
        '[...document.querySelectorAll(".markdown a")].map((a) => a.getAttribute("href")).filter(Boolean)',
      );
      expect(new Set(links as string[])).toEqual(new Set(["https://example.com/run"]));
    });
  });

  it("is read by keyboard and without script: skip link, links to scenes, folds", async () => {
    await open(async (tab) => {
      await tab.keyboard.press("Tab");
      expect(await tab.locator(":focus").textContent()).toBe("Skip to the scenes");
      await tab
        .getByRole("navigation", { name: "Scenes" })
        .getByRole("link", { name: /The merge/ })
        .press("Enter");
      expect(new URL(tab.url()).hash).toBe("#merge");
      const log = tab.locator("details.job").first();
      await log.locator("summary").first().press("Enter");
      expect(await log.getAttribute("open")).toBe("");
    }, false);
  });
});
