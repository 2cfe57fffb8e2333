import { z } from "zod";
import { differences, footprints } from "./footprint.ts";
import { HOSTS } from "./hosts.ts";
import { IMAGE, rollbackJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { NEW_WORDS } from "./pull-request.ts";
import { keepJob, lastWords, type Scene } from "./scene.ts";

const Release = z.object({ image: z.string() });

/** What a rollback does not bring back: the list of releases goes on, and the release record names the rollback. */
const BESIDE = /^(?:new|other): release |^other: record TXT _release\./;

export const rollback: Scene<LoopMemory> = {
  name: "rollback",
  title: "The rollback brings the earlier release back",
  tells:
    "The person who was woken asks first what a rollback would do, then does it. Prod answers v1.1.0 again: the app's image on both servers, the site, all of it, from the record of what that release was.",
  async play(stage, notes, memory) {
    const sha = memory.commits.broken ?? "";
    const before = await footprints(stage);
    const dry = keepJob(notes, await rollbackJob(stage, sha, ["--to", "prod-v1.1.0", "--dry-run"]));
    notes.expect(
      "The dry run says what would come back",
      dry.log.includes("Site www") && dry.log.includes("App image"),
      lastWords(dry),
    );
    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("The dry run has changed nothing", touched.length === 0, touched);

    keepJob(notes, await rollbackJob(stage, sha, ["--to", "prod-v1.1.0"]));
    const [app, page, one, two] = await stage.visitor.visit(
      HOSTS.prod.app,
      HOSTS.prod.www,
      "https://server1.example.com/_release",
      "https://server2.example.com/_release",
    );
    notes.expect("Visitors of the app see the app", app?.status === 200, app?.status);
    notes.expect(
      "The landing page has its form and the words of v1.1.0",
      page?.body.includes("<form") === true && page.body.includes(NEW_WORDS),
      page?.body.slice(0, 300),
    );
    for (const [name, answer] of [
      ["server1", one],
      ["server2", two],
    ] as const) {
      const image = answer?.status === 200 ? Release.parse(answer.json()).image : String(answer?.status);
      notes.expect(`${name} runs the image of v1.1.0`, image.endsWith(IMAGE), image);
    }

    const after = await footprints(stage);
    const left = differences(memory.prodOfFeature ?? {}, after.prod).filter((line) => !BESIDE.test(line));
    notes.expect(
      "The very servers, records, Worker version and site deployments of v1.1.0 are live again",
      left.length === 0,
      left,
    );
    const dev = differences(before.dev, after.dev);
    notes.expect("Dev is untouched", dev.length === 0, dev);
    const [recorded] = await stage.github.releases("prod");
    notes.expect(
      "GitHub has the rollback written down as a release of its own, with the commit of v1.1.0",
      recorded?.manifest.kind === "rollback" &&
        recorded.sha === memory.commits.feature &&
        recorded.state === "success",
      recorded,
    );
  },
};
