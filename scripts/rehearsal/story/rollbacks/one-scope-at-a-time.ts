import { differences, footprints } from "../footprint.ts";
import { IMAGE } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { rollbackDev } from "./dev-jobs.ts";
import { namespacesOfDev, seenOnDev } from "./seen-on-dev.ts";
import { SECOND_IMAGE } from "./two-releases.ts";

export const oneScopeAtATime: Scene<RollbackMemory> = {
  name: "one-scope-at-a-time",
  title: "Back, one scope at a time",
  tells:
    "The app's image goes back alone, then the edge, then the infrastructure: that would delete the Worker's new store, so it is stopped until somebody allows exactly that.",
  async play(stage, notes, memory) {
    const sha = memory.commits.second ?? "";
    const to = ["--to", memory.releases.first ?? ""];
    const second = await seenOnDev(stage);

    keepJob(notes, await rollbackDev(stage, sha, "Rollback of the app", ...to, "--scope", "app"));
    const app = await seenOnDev(stage);
    notes.expect("The server runs the first image", app.image.endsWith(IMAGE), app);
    notes.expect(
      "The page and the Worker are still the second ones",
      app.title === second.title && app.worker === second.worker,
      app,
    );

    keepJob(notes, await rollbackDev(stage, sha, "Rollback of the edge", ...to, "--scope", "edge"));
    const edge = await seenOnDev(stage);
    notes.expect("The page is the first one", !edge.title.startsWith("Second: "), edge);
    notes.expect("The first version of the Worker answers", edge.worker !== second.worker, edge);
    notes.expect("The image has stayed", !edge.image.endsWith(SECOND_IMAGE), edge);

    const before = await footprints(stage);
    const stopped = keepJob(
      notes,
      await rollbackDev(stage, sha, "Rollback of the infrastructure", ...to, "--scope", "infra"),
      3,
    );
    notes.expect(
      "It shows the store that it would delete, and stops at the hazard",
      /delete .*second/i.test(stopped.log) && stopped.log.includes("hazard-unapproved"),
      lastWords(stopped),
    );
    const touched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Nothing was touched", touched.length === 0, touched);

    const words = allowedWords(stopped.log);
    notes.expect("It says what allows this change and no other", words.length > 0, lastWords(stopped));
    keepJob(notes, await rollbackDev(stage, sha, "The same, allowed", ...to, "--scope", "infra", ...words));
    const stores = await namespacesOfDev(stage);
    notes.expect("The store is gone", !stores.some((title) => /second/i.test(title)), stores);
    const [recorded] = await stage.github.releases("dev");
    notes.expect(
      "The release that dev runs now has the commit of the first one",
      recorded?.sha === memory.commits.first && recorded?.manifest.kind === "rollback",
      recorded,
    );
  },
};

/** The arguments that the stopped run asks for. */
function allowedWords(log: string): string[] {
  const [, labels = ""] = /--allow '([^']+)'/.exec(log) ?? [];
  return labels ? ["--allow", labels] : [];
}
