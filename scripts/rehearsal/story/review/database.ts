import { z } from "zod";
import { addEnvironment } from "../fill-esc.ts";
import { cleanupJob, openPull, previewJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import { commentOf } from "./looks.ts";
import type { ReviewMemory } from "./memory.ts";

const Branches = z.object({ branches: z.array(z.object({ name: z.string() })) });

export const database: Scene<ReviewMemory> = {
  name: "review-database",
  title: "A pull request asks for a database of its own",
  tells:
    "The owner has given dev's database a project of its own at Neon, and pull requests a key that is limited to it. A colleague changes the schema and puts the label database on the pull request. It gets a branch of dev's data, named in the comment, without a password anywhere. When the pull request is closed, the branch is gone.",
  async play(stage, notes) {
    const { github } = stage;
    const post = (path: string, body: object) => stage.api("neon", path, { method: "POST", body });
    const { project } = z
      .object({ project: z.object({ id: z.string() }) })
      .parse(await post("/projects", { project: { name: "quayside-dev", branch: { name: "dev" } } }));
    const { key } = z.object({ key: z.string() }).parse(
      await post("/organizations/org-quayside-00000001/api_keys", {
        key_name: "pull requests",
        project_id: project.id,
      }),
    );
    await addEnvironment(stage, "edge-preview", {
      PREVIEW_NEON_API_KEY: key,
      PREVIEW_NEON_PROJECT: project.id,
    });
    const branches = async () =>
      Branches.parse(await stage.api("neon", `/projects/${project.id}/branches`))
        .branches.map(({ name }) => name)
        .sort();

    const pull = await openPull(stage, "new-schema", "Keep when a message was read", () =>
      stage.checkout.edit("README.md", "#", "# With another schema\n\n#"),
    );
    await github.label(pull.number, "database");
    const job = keepJob(notes, await previewJob(stage, pull));
    const own = `pr-${pull.number}`;
    const made = await branches();
    notes.expect("Neon has a branch for it beside dev's", made.join() === `dev,${own}`, made);
    const comment = await commentOf(stage, pull.number);
    notes.keep("The comment, with the database", "comment", comment);
    notes.expect(
      "The comment names it, and where to ask for the connection string",
      comment.includes(`neonctl connection-string ${own}`) && comment.includes("console.neon.tech"),
      comment,
    );
    notes.expect(
      "Neither comment nor log has a connection string or the key",
      [comment, job.log].every((text) => !/postgres(?:ql)?:\/\/|npg_/.test(text) && !text.includes(key)),
    );

    await github.close(pull.number);
    const payload = { ...z.looseObject({}).parse(pull.event.payload), action: "closed" };
    keepJob(notes, await cleanupJob(stage, { ...pull, event: { ...pull.event, payload } }));
    const left = await branches();
    notes.expect("When it is closed the branch is gone", left.join() === "dev", left);
  },
};
