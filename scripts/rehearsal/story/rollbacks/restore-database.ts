import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { IMAGE, rollbackJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { type Branch, branchesAtNeon } from "./database.ts";

export const restoreDatabase: Scene<RollbackMemory> = {
  name: "restore-database",
  title: "The database goes back too, when somebody says so",
  tells:
    "v1.1.0 has written what it should not have. Before it came, the data of prod were kept as a branch at Neon. The rollback says what would be lost, does nothing until the stack's name is said, and keeps what it takes away.",
  async play(stage, notes, memory) {
    const sha = memory.commits.newest ?? "";
    const before = await branchesAtNeon(stage);
    const point = before.find(({ name }) => name.startsWith("restore-prod-v1.1.0-"));
    notes.expect("v1.1.0 made a restore point", point !== undefined, names(before));

    const order = ["--to", "prod-v1.0.0", "--scope", "app", "--restore-database"];
    const dry = keepJob(notes, await rollbackJob(stage, sha, [...order, "--dry-run"]));
    notes.expect(
      "The dry run says what would go from the database",
      /database of prod goes back to .*What was written since then goes from it/.test(dry.log),
      lastWords(dry),
    );
    const unconfirmed = keepJob(notes, await rollbackJob(stage, sha, order), 3);
    notes.expect(
      "Without the stack's name it stops, and says how to go on",
      unconfirmed.log.includes("--confirm prod"),
      lastWords(unconfirmed),
    );
    const untouched = await branchesAtNeon(stage);
    notes.expect(
      "Neither has touched anything",
      JSON.stringify(untouched) === JSON.stringify(before) &&
        (await imagesOfProd(stage)).every((image) => !image.endsWith(IMAGE)),
      names(untouched),
    );

    keepJob(notes, await rollbackJob(stage, sha, [...order, "--confirm", "prod"]));
    const after = await branchesAtNeon(stage);
    notes.expect(
      "Neon has put prod's branch back to the restore point",
      after.find(({ name }) => name === "prod")?.restored_from === point?.id,
      after,
    );
    notes.expect(
      "What the database was is kept as a branch",
      after.some(({ name }) => name.startsWith("before-restore-")),
      names(after),
    );
    const images = await imagesOfProd(stage);
    notes.expect(
      "Both servers run the image of v1.0.0",
      images.length === 2 && images.every((image) => image.endsWith(IMAGE)),
      images,
    );
  },
};

const names = (branches: readonly Branch[]) => branches.map(({ name }) => name);

const Running = z.looseObject({ image: z.string().nullable() });

/** What the servers of prod say they run. */
async function imagesOfProd(stage: Stage): Promise<string[]> {
  const reports = await stage.visitor.visit(
    "https://server1.example.com/_release",
    "https://server2.example.com/_release",
  );
  return reports.map((report) =>
    report.status === 200 ? (Running.parse(report.json()).image ?? "none") : String(report.status),
  );
}
