import { releaseJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";

export const releaseNotes: Scene<RollbackMemory> = {
  name: "release-notes",
  title: "A release that one can read",
  tells:
    "Prod gets v1.0.0 and then v1.1.0. GitHub has a release page for the tag: what was merged since, what runs, the manifest as a file, and how to go back. The history of prod is one table.",
  async play(stage, notes, memory) {
    const [first = "", newest = ""] = [memory.commits.first, memory.commits.newest];
    keepJob(notes, await releaseJob(stage, "v1.0.0", first));
    keepJob(notes, await releaseJob(stage, "v1.1.0", newest));
    keepJob(
      notes,
      await stage.job({
        name: "Publish v1.1.0",
        workflow: "release-prod.yml",
        command: ["notes", "v1.1.0"],
        event: stage.github.pushEvent("refs/tags/v1.1.0", "0".repeat(40), newest),
        sha: newest,
        ref: "refs/tags/v1.1.0",
        actor: "robin",
      }),
    );
    const page = await stage.github.releasePage("v1.1.0");
    notes.keep("The release page, as GitHub shows it", "issue", `# ${page.name}\n\n${page.body}`);
    for (const title of ["Second of everything", "Say more on the landing page", "Mend it"])
      notes.expect(`The notes have the pull request “${title}”`, page.body.includes(title), page.body);
    notes.expect("The manifest is a file of it", page.files.includes("manifest.json"), page.files);
    notes.expect(
      "It says how to go back",
      page.body.includes("rollback.yml -f stack=prod -f release=prod-v1.0.0"),
      page.body,
    );

    const history = keepJob(
      notes,
      await stage.job({
        name: "The history of dev",
        workflow: "none",
        command: ["releases", "dev"],
        event: stage.github.dispatchEvent({}),
        sha: newest,
        ref: "refs/heads/main",
        actor: "robin",
      }),
    );
    const lines = history.log.split("\n");
    notes.expect(
      "The history of dev has a line for each rollback, and marks the one that is live",
      lines.filter((line) => /rolled back to/.test(line)).length === 3 &&
        lines.filter((line) => line.startsWith("●")).length === 1,
      lines,
    );
    notes.keep("The history of dev", "text", lines.slice(0, -1).join("\n"));
  },
};
