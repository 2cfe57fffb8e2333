import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import { keepJob, type Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { WORDS } from "./pull-request.ts";
import { deployDevRun, releaseRun } from "./runs.ts";

export const merge: Scene<ActionsMemory> = {
  name: "actions-merge",
  title: "deploy-dev.yml and release-prod.yml bring the change to both stacks",
  tells:
    "The merge starts deploy-dev.yml; run again, it has nothing to do. The tag v1.1.0 starts release-prod.yml. A tag on a commit that nobody merged is stopped by the gate.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const before = await footprints(stage);
    keepRun(notes, await deployDevRun(stage, sha, memory.commits.bootstrap), {
      deploy: { result: "success", outputs: { outcome: "succeeded" } },
    });
    const [page] = await stage.visitor.visit(HOSTS.dev.www);
    notes.expect("Dev's landing page has the new words", page?.body.includes(WORDS) === true, page?.body);
    const prod = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("Prod is untouched", prod.length === 0, prod);
    keepRun(
      notes,
      { ...(await deployDevRun(stage, sha, memory.commits.bootstrap)), name: "deploy-dev, run again" },
      {
        deploy: { result: "success", outputs: { outcome: "nothing-to-do" } },
      },
    );

    keepRun(notes, await releaseRun(stage, "v1.1.0", sha), {
      plan: { result: "success" },
      deploy: { result: "success", outputs: { outcome: "succeeded", release: "prod-v1.1.0" } },
    });
    const [live] = await stage.visitor.visit(HOSTS.prod.www);
    notes.expect("Prod's landing page has the new words", live?.body.includes(WORDS) === true, live?.body);

    await stage.checkout.git("checkout", "--quiet", "--force", "-B", "unmerged", sha);
    stage.checkout.edit("sites/www/index.html", WORDS, "Nobody has reviewed this");
    const unmerged = await stage.checkout.commit("Go past the review");
    await stage.checkout.git("push", "--quiet", "origin", "unmerged");
    const then = await footprints(stage);
    const refused = await releaseRun(stage, "v1.1.1", unmerged);
    keepJob(notes, refused, 1);
    notes.expect(
      "The run of the tag that nobody merged fails at the gate",
      refused.jobs.some(({ result, outputs }) => result === "failure" && outputs.outcome === "gate-refused"),
      refused.jobs,
    );
    const touched = differences(then.prod, (await footprints(stage)).prod);
    notes.expect("Prod is as it was", touched.length === 0, touched);
  },
};
