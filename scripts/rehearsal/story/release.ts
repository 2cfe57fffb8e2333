import { differences, footprints } from "./footprint.ts";
import { HOSTS } from "./hosts.ts";
import { releaseJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { NEW_WORDS } from "./pull-request.ts";
import { keepJob, lastWords, type Scene } from "./scene.ts";

export const release: Scene<LoopMemory> = {
  name: "release",
  title: "A tag releases to prod",
  tells:
    "Version v1.1.0 is tagged. The gate sees that the commit is on main and has run on dev; prod gets it. A tag that points past main is refused, and nothing is touched.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    keepJob(notes, await releaseJob(stage, "v1.1.0", sha));
    const [page] = await stage.visitor.visit(HOSTS.prod.www);
    notes.expect(
      "Prod's landing page has the new words",
      page?.body.includes(NEW_WORDS) === true,
      page?.body.slice(0, 500),
    );
    const [recorded] = await stage.github.releases("prod");
    notes.expect(
      "GitHub has prod-v1.1.0 written down as a successful deployment of the commit that ran on dev",
      recorded?.id === "prod-v1.1.0" && recorded.sha === sha && recorded.state === "success",
      recorded,
    );

    await stage.checkout.git("checkout", "--quiet", "--force", "-B", "unmerged", sha);
    stage.checkout.edit("sites/www/index.html", NEW_WORDS, "Nobody has reviewed this");
    const unmerged = await stage.checkout.commit("Go past the review");
    await stage.checkout.git("push", "--quiet", "origin", "unmerged");
    const before = await footprints(stage);
    const refused = keepJob(notes, await releaseJob(stage, "v1.1.1", unmerged), 3);
    notes.expect(
      "The refusal says that the commit is not on main",
      refused.log.includes("not on main"),
      lastWords(refused),
    );
    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("Prod is as it was: servers, records, sites, releases", touched.length === 0, touched);
    memory.prodOfFeature = before.prod;
  },
};
