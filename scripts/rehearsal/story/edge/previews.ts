import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import { cleanupJob, openPull, previewJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";
import { previewAccount } from "./preview-account.ts";

const NEW_WORDS = "Seen before it was merged";
const NEW_ANSWER = "of the pull request";
const Health = z.object({ stack: z.string() });

export const previews: Scene<EdgeMemory> = {
  name: "edge-previews",
  title: "A pull request can be looked at before it is merged",
  tells:
    "A colleague changes the landing page and the intake Worker, which has Durable Objects and so can't be uploaded as a version. Both get an address in the comment, in the account for previews, and pictures before and after. Nobody else sees any of it. When the pull request closes it is all gone.",
  async play(stage, notes) {
    const { checkout, github, visitor } = stage;
    const before = await footprints(stage);
    const pull = await openPull(stage, "new-words", "Say more on the landing page", () => {
      checkout.edit("sites/www/index.html", "</h1>", ` <span>${NEW_WORDS}</span></h1>`);
      checkout.edit(
        "workers/intake/src/index.ts",
        "There is nothing here.",
        `There is nothing here ${NEW_ANSWER}.`,
      );
    });
    keepJob(notes, await previewJob(stage, pull));

    const [comment] = await github.comments(pull.number);
    const body = comment?.body ?? "";
    notes.keep("The comment, with where to look", "comment", body);
    const urls = [...body.matchAll(/\[look at it\]\(<?(https:[^)>\s]+)>?\)/g)].map(([, url]) => url ?? "");
    const [site, worker] = ["pages.dev", "workers.dev"].map((host) =>
      [...new Set(urls)].find((url) => new URL(url).host.endsWith(host)),
    );
    notes.expect(
      "The comment has an address for the site and one for the Worker",
      Boolean(site && worker),
      body,
    );
    notes.expect(
      "The addresses name the pull request, so that they stay the same from push to push",
      [site, worker].every((url) => url?.includes(`pr-${pull.number}`)),
      urls,
    );
    const [page, health, nothing, dev] = await visitor.visit(
      site ?? "",
      worker ?? "",
      (worker ?? "").replace("/healthz", "/nowhere"),
      HOSTS.dev.www,
    );
    notes.expect(
      "The site's address shows the new words",
      page?.body.includes(NEW_WORDS) === true,
      page?.body,
    );
    notes.expect("No search engine may keep it", page?.headers["x-robots-tag"] === "noindex", page?.headers);
    notes.expect(
      "The Worker's address is answered by its own copy, of no stack",
      health?.status === 200 && Health.safeParse(health.json()).data?.stack === `pr-${pull.number}`,
      health,
    );
    notes.expect(
      "That copy runs the pull request's code",
      nothing?.body.includes(NEW_ANSWER) === true,
      nothing?.body,
    );
    notes.expect("Visitors of dev see the old page", dev?.body.includes(NEW_WORDS) === false, dev?.body);
    const after = await footprints(stage);
    const touched = [...differences(before.dev, after.dev), ...differences(before.prod, after.prod)];
    notes.expect("Nothing in the stacks' account has changed", touched.length === 0, touched);

    keepPictures(join(checkout.dir, ".preview", "visual"), notes);

    await github.close(pull.number);
    const payload = { ...z.looseObject({}).parse(pull.event.payload), action: "closed" };
    keepJob(notes, await cleanupJob(stage, { ...pull, event: { ...pull.event, payload } }));
    const left = await previewAccount(stage);
    notes.expect("Nothing of it is left in the account for previews", left.length === 0, left);
    const gone = await visitor.visit(site ?? "", worker ?? "");
    notes.expect(
      "Neither address answers any more",
      gone.every(({ status }) => status >= 400 || status === 0),
      gone.map(({ status }) => status),
    );
  },
};

/** Where there is no Chromium there are no pictures, and the job has said so. */
function keepPictures(folder: string, notes: Parameters<Scene["play"]>[1]): void {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder).sort();
  notes.expect(
    "The artifact has the landing page before and after, and the differences framed",
    ["before", "after", "marked"].every((kind) => files.includes(`www-index-${kind}.png`)),
    files,
  );
  notes.expect(
    "The pages that look the same have no framed picture",
    files.includes("www-thanks-after.png") && !files.includes("www-thanks-marked.png"),
    files,
  );
  for (const [kind, title] of [
    ["before", "The landing page before"],
    ["marked", "The landing page after, what is different framed"],
  ]) {
    const file = join(folder, `www-index-${kind}.png`);
    if (existsSync(file)) notes.keepPicture(title ?? "", readFileSync(file));
  }
}
