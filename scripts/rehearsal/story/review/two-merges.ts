import { z } from "zod";
import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import { deployDevJob, mergePull, openPull } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import { commentOf } from "./looks.ts";
import type { ReviewMemory } from "./memory.ts";

const Result = z.object({ outcome: z.string() });

export const twoMerges: Scene<ReviewMemory> = {
  name: "review-two-merges",
  title: "Two merges within a minute, and an old job once more",
  tells:
    "Two pull requests are merged before either is deployed, and GitHub starts the newer job first. It brings both, and says so on both. The older job comes late and leaves the stack alone. Somebody runs a job of this morning again: it stops, and says how one goes back on purpose.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const page = "sites/www/index.html";
    const older = await openPull(stage, "older", "Say it first", () =>
      checkout.edit(page, "</h1>", " one</h1>"),
    );
    const olderSha = await mergePull(stage, older.number);
    const newer = await openPull(stage, "newer", "Say it second", () =>
      checkout.edit(page, " one</h1>", " one two</h1>"),
    );
    const newerSha = await mergePull(stage, newer.number);

    keepJob(notes, await deployDevJob(stage, newerSha, olderSha, "Deploy dev: the newer merge"));
    notes.expect(
      "The older pull request says with which one it came",
      (await commentOf(stage, older.number)).includes(
        `this change was applied, together with #${newer.number}`,
      ),
      await commentOf(stage, older.number),
    );
    const before = await footprints(stage);
    const late = keepJob(
      notes,
      await deployDevJob(stage, olderSha, memory.onDev, "Deploy dev: the older merge, late"),
    );
    notes.expect(
      "The late job says that a newer commit runs",
      Result.safeParse(late.result).data?.outcome === "superseded",
      late.result,
    );
    const old = keepJob(
      notes,
      await deployDevJob(stage, memory.earlier, "0".repeat(40), "An old job run again", 2),
      3,
    );
    notes.expect(
      "It says that it would turn the stack back, and how one goes back on purpose",
      old.log.includes("would turn the stack back") && old.log.includes("rollback"),
      lastWords(old),
    );
    const touched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Dev is as the newer merge left it", touched.length === 0, touched);
    const [visited] = await stage.visitor.visit(HOSTS.dev.www);
    notes.expect("Its page has the words of both", visited?.body.includes(" one two</h1>") === true);
    memory.onDev = newerSha;
  },
};
