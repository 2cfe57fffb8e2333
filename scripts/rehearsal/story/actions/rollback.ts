import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import type { Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { WORDS } from "./pull-request.ts";
import { rollbackRun } from "./runs.ts";

const FORM = { stack: "prod", release: "", scope: "all" };

export const rollback: Scene<ActionsMemory> = {
  name: "actions-rollback",
  title: "rollback.yml brings the release before back",
  tells:
    "Somebody fills in the form of rollback.yml, first with a dry run, then without; the release is left empty, which means the one before.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const before = await footprints(stage);
    keepRun(notes, await rollbackRun(stage, sha, { ...FORM, "dry-run": "true" }), {
      deploy: { result: "success", outputs: { outcome: "dry-run" } },
    });
    const touched = differences(before.prod, (await footprints(stage)).prod);
    notes.expect("The dry run has changed nothing", touched.length === 0, touched);

    const done = keepRun(notes, await rollbackRun(stage, sha, { ...FORM, "dry-run": "false" }), {
      deploy: { result: "success", outputs: { outcome: "succeeded" } },
    });
    const [page] = await stage.visitor.visit(HOSTS.prod.www);
    notes.expect(
      "Prod's landing page is that of v1.0.0",
      page?.status === 200 && !page.body.includes(WORDS),
      page?.body,
    );
    const [recorded] = await stage.github.releases("prod");
    notes.expect(
      "GitHub has the rollback written down under the id that the job hands on",
      recorded?.manifest.kind === "rollback" && recorded.id === done.jobs[0]?.outputs.release,
      { recorded, outputs: done.jobs[0]?.outputs },
    );
  },
};
