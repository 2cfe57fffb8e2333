import { deployDevJob, mergePull, previewJob, releaseJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { SetupMemory } from "./memory.ts";
import { DOMAIN } from "./owner.ts";

export const firstRelease: Scene<SetupMemory> = {
  name: "setup-first-release",
  title: "The first pull request, dev and prod",
  tells:
    "What the wizard wrote into the stacks' files becomes the first pull request. Its jobs are known by the trust that the wizard made: the preview opens what reads, the merge brings dev up, the tag v1.0.0 prod.",
  async play(stage, notes, memory) {
    const { checkout, github } = stage;
    const started = performance.now();
    await checkout.git("checkout", "--quiet", "-B", "setup");
    await checkout.commit("Set up for our own domain");
    await checkout.git("push", "--quiet", "origin", "setup");
    const opened = await github.openPull("Set up for our own domain", "setup");
    const pull = {
      number: opened.number,
      headSha: opened.head.sha,
      event: github.pullEvent(opened, "opened"),
    };
    keepJob(notes, await previewJob(stage, pull, "Preview of the first pull request"));
    const [comment] = await github.comments(pull.number);
    notes.expect(
      "The pull request says for both stacks what would be made, and what it costs",
      /dev/.test(comment?.body ?? "") &&
        /prod/.test(comment?.body ?? "") &&
        /&#36;/.test(comment?.body ?? ""),
      comment?.body,
    );
    if (comment) notes.keep("The comment of the first pull request", "comment", comment.body);

    // A rise in cost is a hazard; the comment names the labels that allow it.
    const asked = [...(comment?.body ?? "").matchAll(/allow:[\w:.~@-]+/g)].map(([label]) => label);
    await github.label(pull.number, ...new Set(asked));
    const sha = await mergePull(stage, pull.number);
    keepJob(notes, await deployDevJob(stage, sha));
    keepJob(notes, await releaseJob(stage, "v1.0.0", sha));
    memory.released = sha;
    const hosts = [`https://www-dev.${DOMAIN}`, `https://www.${DOMAIN}`, `https://app.${DOMAIN}`];
    const answers = await stage.visitor.visit(...hosts);
    for (const [index, { status, body }] of answers.entries())
      notes.expect(
        `${hosts[index]} answers through the edge`,
        status === 200,
        `${status} ${body.slice(0, 300)}`,
      );
    notes.expect(
      "Nothing on the landing page is the example's any more",
      !answers[1]?.body.includes("example.com"),
      answers[1]?.body,
    );
    const pipeline = (performance.now() - started) / 1000;
    const wizard = memory.wizard?.seconds ?? Number.NaN;
    notes.measure(
      `From nothing to a release in prod: ${Math.round(wizard + pipeline)} s, of which the wizard ${Math.round(wizard)} s and the pipeline ${Math.round(pipeline)} s.`,
    );
  },
};
