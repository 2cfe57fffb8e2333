import { fillEsc } from "../fill-esc.ts";
import { HOSTS } from "../hosts.ts";
import type { Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { deployDevRun, releaseRun } from "./runs.ts";

export const bootstrap: Scene<ActionsMemory> = {
  name: "actions-bootstrap",
  title: "Two workflow files bring two stacks up",
  tells:
    "The template's first push to main starts deploy-dev.yml, which calls deploy.yml; the first tag starts release-prod.yml, which plans with read tokens and then calls deploy.yml with the environment prod.",
  async play(stage, notes, memory) {
    await fillEsc(stage);
    const sha = await stage.checkout.git("rev-parse", "HEAD");
    memory.commits.bootstrap = sha;
    const dev = keepRun(notes, await deployDevRun(stage, sha), {
      deploy: { result: "success", outputs: { outcome: "succeeded" } },
    });
    const deployed = dev.jobs.find(({ id }) => id === "deploy");
    const [first] = await stage.github.releases("dev");
    notes.expect(
      "The release that the job hands on is the one that GitHub has written down",
      first?.id !== undefined && first.id === deployed?.outputs.release && first.state === "success",
      { first, outputs: deployed?.outputs },
    );
    keepRun(notes, await releaseRun(stage, "v1.0.0", sha), {
      plan: { result: "success" },
      deploy: { result: "success", outputs: { outcome: "succeeded", release: "prod-v1.0.0" } },
    });

    const addresses = [HOSTS.dev.www, HOSTS.prod.www, HOSTS.dev.app, HOSTS.prod.app];
    for (const [index, answer] of (await stage.visitor.visit(...addresses)).entries())
      notes.expect(`${addresses[index]} answers through the edge`, answer.status === 200, answer);
  },
};
