import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { findChromium } from "../browser/chromium.ts";
import type { EdgeChange } from "../change/model.ts";
import type { Context } from "../context.ts";
import { builtSite } from "../edge/build-site.ts";
import { listFiles } from "../edge/content-hash.ts";
import { findParts, type SiteSource } from "../edge/parts.ts";
import type { Home } from "../stack/stacks.ts";
import type { PagePair } from "../visual/compare-pages.ts";
import type { StackPreview } from "./preview-stack.ts";

/** A page that nobody has, for the page that says so. */
const NOWHERE = "no-such-page";

/**
 * Takes pictures of the pages of every site of a project that has a preview, as its first stack serves them now and as the preview does,
 * and puts them into the folder of the artifact. Does nothing without a Chromium.
 *
 * @returns a sentence for the comment about each site
 */
export async function pictureSites(
  context: Context,
  home: Home,
  previews: readonly StackPreview[],
  folder: string,
): Promise<string[]> {
  const [first] = previews.filter(({ failure }) => !failure);
  const changed = (first?.edge ?? []).flatMap((change) => {
    const before = first?.siteUrls[change.name];
    return change.kind === "site" && change.previewUrl && before
      ? [{ ...change, before, after: change.previewUrl }]
      : [];
  });
  if (changed.length === 0) return [];
  if (!findChromium(context.env)) {
    context.reporter.say("  No Chromium here, so there are no pictures of the sites before and after.");
    return [];
  }
  const { comparePages } = await import("../visual/compare-pages.ts");
  const { sites } = findParts(home.dir, context.root);
  const pairs = (await Promise.all(changed.map((site) => pagesOf(sites, site)))).flat();
  const compared = await context.reporter.step(
    "Pictures of the sites, before and after",
    () => comparePages(pairs, context.env),
    (pages) => `${pages.length} pages`,
  );
  mkdirSync(folder, { recursive: true });
  for (const page of compared) {
    const base = join(folder, home.prefix + page.name.replaceAll("/", "-"));
    if (page.before) writeFileSync(`${base}-before.png`, page.before);
    writeFileSync(`${base}-after.png`, page.after);
    if (page.marked) writeFileSync(`${base}-marked.png`, page.marked);
  }
  return changed.map(({ name }) => {
    const pages = compared.filter((page) => page.name.startsWith(`${name}/`));
    const different = pages.filter(({ places }) => places !== 0);
    const names = different.map((page) => page.name).join(", ");
    return different.length === 0
      ? `Site ${name}: none of its ${pages.length} pages looks different.`
      : `Site ${name}: ${different.length} of ${pages.length} pages look different (${names}); the pictures are in the artifact.`;
  });
}

async function pagesOf(
  sites: readonly SiteSource[],
  { name, before, after }: Pick<EdgeChange, "name"> & { before: string; after: string },
): Promise<PagePair[]> {
  const site = sites.find((each) => each.name === name);
  if (!site) return [];
  const folder = await builtSite(site);
  return listFiles(folder)
    .map((file) => relative(folder, file).split(sep).join("/"))
    .filter((file) => file.endsWith(".html"))
    .map((file) => {
      const page = file.replace(/(^|\/)index\.html$/, "$1").replace(/\.html$/, "");
      const path = page === "404" ? NOWHERE : page;
      return { name: `${name}/${page || "index"}`, before: `${before}/${path}`, after: `${after}/${path}` };
    });
}
