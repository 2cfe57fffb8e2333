import { differences, footprints } from "../footprint.ts";
import { approvedReleaseJob, candidateJob, planJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import { volumeSize } from "./looks.ts";
import type { ReviewMemory } from "./memory.ts";
import { deployPastReview } from "./past-review.ts";

export const gate: Scene<ReviewMemory> = {
  name: "review-gate",
  title: "A tag that may not be released asks nobody",
  tells:
    "After each deployment to dev the release candidate is shown. Then somebody tags a commit that never was on main, with a version that is too low. The gate says all of it at once, before a plan is made or a reviewer is asked.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const candidate = keepJob(notes, await candidateJob(stage, memory.onDev));
    notes.expect(
      "The job's summary shows the release candidate",
      candidate.summary.includes("### Release candidate: safe"),
      candidate.summary,
    );
    await checkout.git("checkout", "--quiet", "--force", "-B", "never-merged", memory.onDev);
    checkout.edit("README.md", "#", "# Nobody has seen this\n\n#");
    const aside = await checkout.commit("Go past the review");
    await checkout.git("push", "--quiet", "origin", "never-merged");
    const before = await footprints(stage);
    const refused = keepJob(notes, await planJob(stage, "v0.9.0", aside), 3);
    notes.expect(
      "It says that the commit is not on main, never ran on dev, and that the version is too low",
      ["not on main", "never run on dev", "not higher than the last release"].every((reason) =>
        refused.log.includes(reason),
      ),
      lastWords(refused),
    );
    notes.expect("No plan was shown to anybody", refused.summary === "", refused.summary);
    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("Prod is as it was", touched.length === 0, touched);
  },
};

export const planned: Scene<ReviewMemory> = {
  name: "review-plan",
  title: "Between the plan and the approval prod moves",
  tells:
    "The plan of v1.1.0 is shown, and somebody approves it an hour later. Meanwhile prod's volume has grown. The release is not what was approved any more, so it stops. All jobs again: a new plan, a new approval, a release.",
  async play(stage, notes, memory) {
    const sha = memory.onDev;
    const plan = keepJob(notes, await planJob(stage, "v1.1.0", sha));
    notes.expect(
      "The plan's summary has what would change",
      plan.summary.includes("### Release v1.1.0: safe") && plan.summary.includes("`www`"),
      plan.summary,
    );
    keepJob(notes, await deployPastReview(stage, "prod", 30));
    const before = await footprints(stage);
    const stopped = keepJob(notes, await approvedReleaseJob(stage, "v1.1.0", sha, plan), 3);
    notes.expect(
      "It says that this is not what the plan has shown",
      stopped.log.includes("is not what its plan has shown"),
      lastWords(stopped),
    );
    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("Prod is as it was", touched.length === 0, touched);
    notes.expect("Its volume has the 30 GB of meanwhile", (await volumeSize(stage, "prod")) === 30);
  },
};
