import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { builtSite, siteHash } from "./build-site.ts";
import { findParts, type SiteSource } from "./parts.ts";
import { writeFiles } from "./testing/checkout.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "build-"));
  const build = `
    import { appendFileSync, cpSync, writeFileSync } from "node:fs";
    appendFileSync("../../builds.log", JSON.stringify(process.env) + "\\n");
    cpSync("words.txt", "dist/index.html");
  `;
  writeFiles(root, {
    "package-lock.json": "{}",
    "sites/docs/package.json": JSON.stringify({ type: "module", scripts: { build: "node build.js" } }),
    "sites/docs/build.js": build,
    "sites/docs/words.txt": "one",
    "sites/plain/index.html": "as it stands",
    "sites/plain/package.json": JSON.stringify({ scripts: { start: "serve" } }),
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function site(name: string): SiteSource {
  const found = findParts(root).sites.find((each) => each.name === name);
  if (!found) throw new Error(`no site ${name}`);
  return found;
}
const builds = () => readFileSync(join(root, "builds.log"), "utf8").trim().split("\n");
const page = async () => readFileSync(join(await builtSite(site("docs")), "index.html"), "utf8");

test("A site with a script `build` is built, once for each content", async () => {
  expect(await page()).toBe("one");
  const first = siteHash(site("docs"));
  expect(await page()).toBe("one");
  expect(builds()).toHaveLength(1);

  writeFiles(root, { "sites/docs/words.txt": "two" });
  expect(siteHash(site("docs"))).not.toBe(first);
  expect(await page()).toBe("two");
  writeFiles(root, { "sites/docs/words.txt": "one" });
  expect(await page()).toBe("one");
  expect(builds()).toHaveLength(2);
  // What comes out is no part of what goes in; what builds it is.
  expect(siteHash(site("docs"))).toBe(first);
  writeFiles(root, { "package-lock.json": '{ "lockfileVersion": 3 }' });
  expect(siteHash(site("docs"))).not.toBe(first);
});

test("A build learns no secret", async () => {
  process.env.CLOUDFLARE_API_TOKEN = "token-of-this-test";
  try {
    await page();
  } finally {
    delete process.env.CLOUDFLARE_API_TOKEN;
  }
  expect(builds().join()).not.toContain("token-of-this-test");
});

test("A build that fails says what it said, one that makes no page says that", async () => {
  writeFiles(root, { "sites/docs/build.js": 'console.error("no words"); process.exit(3);' });
  await expect(builtSite(site("docs"))).rejects.toMatchObject({
    code: "site-build-failed",
    message: expect.stringMatching(/ended with 3\.\nno words/),
  });
  writeFiles(root, { "sites/docs/build.js": "" });
  await expect(builtSite(site("docs"))).rejects.toMatchObject({
    message: "The build of site docs made no dist/index.html.",
  });
});

test("A site without a build is served as it stands", async () => {
  expect(await builtSite(site("plain"))).toBe(join(root, "sites", "plain"));
});
