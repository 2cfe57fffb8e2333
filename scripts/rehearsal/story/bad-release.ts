import { HOSTS } from "./hosts.ts";
import { deployDevJob, IMAGE, mergePull, openPull, releaseJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { keepJob, type Scene } from "./scene.ts";

const BROKEN_IMAGE = `sha256:${"2".repeat(61)}bad`;

export const badRelease: Scene<LoopMemory> = {
  name: "bad-release",
  title: "A release that looks healthy and is not",
  tells:
    "Version v1.2.0 brings an image whose health check is fine and whose pages are not, and a landing page that has lost its form. All checks are green; visitors see an error.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const pull = await openPull(stage, "new-image", "Update the app", () => {
      for (const stack of ["dev", "prod"]) {
        checkout.edit(`infra/Pulumi.${stack}.yaml`, IMAGE, BROKEN_IMAGE);
      }
      checkout.edit("sites/www/index.html", "<form", "<div hidden");
    });
    const sha = await mergePull(stage, pull.number);
    memory.commits.broken = sha;
    keepJob(notes, await deployDevJob(stage, sha, memory.commits.feature));
    keepJob(notes, await releaseJob(stage, "v1.2.0", sha));
    const [app, page] = await stage.visitor.visit(HOSTS.prod.app, HOSTS.prod.www);
    notes.expect("Visitors of the app see an error", app?.status === 500, app?.status);
    notes.expect(
      "The landing page has no form",
      page?.body.includes("<form") === false,
      page?.body.slice(0, 300),
    );
  },
};
