import { deployDevJob, mergePull, openPull, previewJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import { commentOf, volumeSize } from "./looks.ts";
import type { ReviewMemory } from "./memory.ts";
import { deployPastReview, setVolumeSize } from "./past-review.ts";

export const moved: Scene<ReviewMemory> = {
  name: "review-moved",
  title: "What was reviewed starts from a state that is gone",
  tells:
    "A pull request makes dev's volume 40 GB, from 20. Before it is merged, somebody has made it 30. A Pulumi plan would go on from there; this deployment stops and names the step. A second pull request shows what is true now, and brings both.",
  async play(stage, notes, memory) {
    const pull = await openPull(stage, "volume-40", "Give dev 40 GB", () => setVolumeSize(stage, "dev", 40));
    keepJob(notes, await previewJob(stage, pull, "Preview: 20 to 40 GB"));
    keepJob(notes, await deployPastReview(stage, "dev", 30));
    const merged = await mergePull(stage, pull.number);
    const stopped = keepJob(
      notes,
      await deployDevJob(stage, merged, memory.onDev, "Deploy dev: 30 to 40 GB"),
      3,
    );
    notes.expect(
      "It names the volume as the step that is another one",
      /other: update .*volume/i.test(stopped.log),
      lastWords(stopped),
    );
    notes.expect("The volume is as it was, 30 GB", (await volumeSize(stage, "dev")) === 30);
    const comment = await commentOf(stage, pull.number);
    notes.expect(
      "The pull request says that it was stopped, and which step differs",
      comment.includes("this change was stopped; nothing was touched") &&
        /`volume`: update with other/.test(comment),
      comment,
    );
    notes.keep("The comment after the deployment was stopped", "comment", comment);

    const again = await openPull(stage, "look-again", "Look at the volume once more", () =>
      stage.checkout.edit("README.md", "#", "# Looked at twice\n\n#"),
    );
    keepJob(notes, await previewJob(stage, again, "Preview: 30 to 40 GB"));
    const sha = await mergePull(stage, again.number);
    keepJob(notes, await deployDevJob(stage, sha, merged, "Deploy dev as it was reviewed now"));
    notes.expect("The volume has 40 GB", (await volumeSize(stage, "dev")) === 40);
    const first = await commentOf(stage, pull.number);
    notes.expect(
      "The first pull request says that it came together with the second",
      first.includes(`this change was applied, together with #${again.number}`),
      first,
    );
    memory.earlier = merged;
    memory.onDev = sha;
  },
};
