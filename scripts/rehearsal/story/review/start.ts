import { fillEsc } from "../fill-esc.ts";
import { deployDevJob, releaseJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { ReviewMemory } from "./memory.ts";

export const start: Scene<ReviewMemory> = {
  name: "review-start",
  title: "Two stacks that stop at every surprise",
  tells:
    "This team wants dev to stop wherever a merge would do something else than was reviewed. One line of the stack's configuration says so. Both stacks come up.",
  async play(stage, notes, memory) {
    await fillEsc(stage);
    const { checkout } = stage;
    checkout.edit("infra/Pulumi.dev.yaml", "pipeline:whenChanged: safe-only", "pipeline:whenChanged: stop");
    const sha = await checkout.commit("Stop at every surprise");
    await checkout.git("push", "--quiet", "origin", "main");
    keepJob(notes, await deployDevJob(stage, sha));
    keepJob(notes, await releaseJob(stage, "v1.0.0", sha));
    memory.onDev = sha;
    memory.earlier = sha;
  },
};
