import { z } from "zod";
import { differences, footprints } from "../footprint.ts";
import { mergePull, openPull } from "../jobs.ts";
import { lastWords, type Scene } from "../scene.ts";
import { keepRun } from "./keep-run.ts";
import type { ActionsMemory } from "./memory.ts";
import { previewRun } from "./runs.ts";

export const WORDS = "Played by act";
const Artifacts = z.object({ artifacts: z.array(z.object({ name: z.string(), size_in_bytes: z.number() })) });

export const pullRequest: Scene<ActionsMemory> = {
  name: "actions-pull-request",
  title: "preview.yml comments on a pull request",
  tells:
    "A pull request changes the landing page. preview.yml runs on GitHub's test merge with a token that may do what the file says and no more: one comment, two checks, an artifact. A second pull request takes one permission out of the file: there is no comment then, the run says which permission it lacks, and its summary has the rest.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
    const before = await footprints(stage);
    const pull = await openPull(stage, "words", "Say it in other words", () =>
      checkout.edit("sites/www/index.html", "</h1>", ` <span>${WORDS}</span></h1>`),
    );
    const run = keepRun(notes, await previewRun(stage, pull), {
      preview: { result: "success", outputs: { outcome: "succeeded" } },
    });
    const comments = await github.comments(pull.number);
    notes.expect("The pull request has one comment", comments.length === 1, comments.length);
    notes.keep("The comment, as GitHub shows it", "comment", comments[0]?.body ?? "");
    notes.expect(
      "The comment speaks of the commit that was pushed, not of the test merge",
      comments[0]?.body.includes(pull.headSha.slice(0, 7)) === true,
      comments[0]?.body,
    );
    const checks = await github.checks(pull.headSha);
    notes.expect(
      "The commit has a green check for each stack",
      checks["preview / dev"] === "success" && checks["preview / prod"] === "success",
      checks,
    );
    const { artifacts } = Artifacts.parse(await github.get(`/actions/runs/${run.runId}/artifacts`));
    notes.expect(
      "The run has kept the previews as an artifact",
      artifacts.some(({ name, size_in_bytes }) => name === "preview" && size_in_bytes > 0),
      artifacts,
    );
    const after = await footprints(stage);
    const touched = [...differences(before.dev, after.dev), ...differences(before.prod, after.prod)];
    notes.expect("Nothing in the clouds has changed", touched.length === 0, touched);

    const narrow = await openPull(stage, "narrow", "Do without a permission", () =>
      checkout.edit(".github/workflows/preview.yml", "      pull-requests: write # the one comment\n", ""),
    );
    const told = keepRun(notes, await previewRun(stage, narrow, "preview without a permission"), {
      preview: { result: "success", outputs: { outcome: "succeeded" } },
    });
    notes.expect(
      "Without the permission the run says that it could not comment, and which permission to add",
      /could not be written \(forbidden\).*`pull-requests: /.test(told.log),
      lastWords(told),
    );
    const none = await github.comments(narrow.number);
    notes.expect("The second pull request has no comment", none.length === 0, none);
    notes.expect(
      "What it would have said is in the run's summary",
      told.summary.includes("**`dev`**"),
      told.summary,
    );

    memory.commits.feature = await mergePull(stage, pull.number);
  },
};
