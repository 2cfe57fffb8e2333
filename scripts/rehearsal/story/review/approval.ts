import { differences, footprints } from "../footprint.ts";
import { deployDevJob, mergePull, openPull, previewJob, pushedAgain } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import { commentOf } from "./looks.ts";
import type { ReviewMemory } from "./memory.ts";
import { setVolumeSize } from "./past-review.ts";

const LABEL = "allow:cost-above:dev";

export const approval: Scene<ReviewMemory> = {
  name: "review-approval",
  title: "An approval counts for what was seen, and for nothing else",
  tells:
    "A second server for dev needs an approval, and gets one. Then somebody pushes more into the same pull request: the label still hangs there, but it was given for another change. The deployment stops until somebody has looked again.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
    const pull = await openPull(stage, "more-dev", "Give dev a second server", () =>
      checkout.edit("infra/Pulumi.dev.yaml", 'secondServer: "false"', 'secondServer: "true"'),
    );
    keepJob(notes, await previewJob(stage, pull));
    await github.labelAs({ login: "tim", role: "triage" }, pull.number, LABEL);
    keepJob(notes, await previewJob(stage, pull, "Preview after a label by somebody who may not write"));
    const refused = await commentOf(stage, pull.number);
    notes.expect(
      "The label of somebody who may not write does not count, and the comment says why",
      refused.includes("### Preview: needs approval") && refused.includes("who may not write"),
      refused,
    );
    await github.unlabel(pull.number, LABEL);
    await github.label(pull.number, LABEL);
    keepJob(notes, await previewJob(stage, pull, "Preview after the approval"));
    const allowed = await commentOf(stage, pull.number);
    notes.expect(
      "The comment says that the rise in cost is allowed",
      allowed.includes("Allowed: **cost-above**") && !allowed.includes("needs approval"),
      allowed,
    );

    await checkout.git("checkout", "--quiet", "--force", "more-dev");
    setVolumeSize(stage, "dev", 60);
    const head = await checkout.commit("And a larger volume");
    await checkout.git("push", "--quiet", "origin", "more-dev");
    keepJob(notes, await previewJob(stage, pushedAgain(pull, head), "Preview of the second push"));
    const outdated = await commentOf(stage, pull.number);
    notes.expect(
      "The comment asks for an approval again, and remembers the earlier preview",
      outdated.includes("### Preview: needs approval") &&
        outdated.includes("before this change was shown") &&
        outdated.includes("1 earlier preview"),
      outdated,
    );
    notes.keep("The comment of the second push", "comment", outdated);

    const merged = await mergePull(stage, pull.number);
    const before = await footprints(stage);
    const stopped = keepJob(
      notes,
      await deployDevJob(stage, merged, memory.onDev, "Deploy dev without a new approval"),
      3,
    );
    notes.expect(
      "It says that the label was given for another change",
      stopped.log.includes("it was for another one"),
      lastWords(stopped),
    );
    const touched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Dev is as it was", touched.length === 0, touched);
    await github.unlabel(pull.number, LABEL);
    await github.label(pull.number, LABEL);
    keepJob(
      notes,
      await deployDevJob(stage, merged, memory.onDev, "Deploy dev after somebody has looked again"),
    );
    memory.earlier = memory.onDev;
    memory.onDev = merged;
  },
};
