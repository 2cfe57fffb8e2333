import { differences, footprints } from "../footprint.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { devJob, mergeChange } from "./dev-jobs.ts";
import { seenOnDev } from "./seen-on-dev.ts";

export const heldUntilResume: Scene<RollbackMemory> = {
  name: "held-until-resume",
  title: "The next merge does not undo it in silence",
  tells:
    "Somebody else merges something harmless. The deployment would bring the second release back with it, so it stops and says who rolled dev back. After “resume” it goes on.",
  async play(stage, notes, memory) {
    const before = await footprints(stage);
    const sha = await mergeChange(stage, "harmless", "Say more on the landing page", () =>
      stage.checkout.edit("sites/www/index.html", "</h1>", " <span>Harmless</span></h1>"),
    );
    const held = keepJob(
      notes,
      await deployDevJob(stage, sha, memory.commits.newest, "Deployment after the rollback"),
      3,
    );
    notes.expect(
      "It says from where to where dev was rolled back, and by whom",
      held.log.includes("rolled-back") && /rolled back from \S+ to \S+ \(infra\) by robin/.test(held.log),
      lastWords(held),
    );
    const touched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Nothing was touched", touched.length === 0, touched);

    keepJob(notes, await devJob(stage, sha, "Resume", "resume.yml", ["resume", "dev"]));
    keepJob(notes, await deployDevJob(stage, sha, memory.commits.newest, "The same deployment again"));
    const seen = await seenOnDev(stage);
    notes.expect("Dev is at the newest commit", seen.title.startsWith("Second: "), seen);
    memory.commits.newest = sha;
  },
};
