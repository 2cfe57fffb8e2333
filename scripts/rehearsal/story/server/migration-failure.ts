import { keepJob, lastWords, type Scene } from "../scene.ts";
import { deployDev, setImage } from "./jobs.ts";
import { APP, ask, reportOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const migrationFailure: Scene<ServerMemory> = {
  name: "migration-failure",
  title: "A migration fails half-way",
  tells:
    "The next version brings a migration whose second statement fails. Postgres takes the first one back, the old version was never stopped.",
  async play(stage, notes, memory) {
    const { images, database } = machinesOf(stage);
    const sha = await setImage(stage, memory, images.unmigratable);
    const job = keepJob(notes, await deployDev(stage, sha, "Deploy a bad migration"), 1);
    notes.expect(
      "The job says what Postgres said",
      /migrate: .*a_table_that_nobody_made/.test(job.log),
      lastWords(job),
    );
    notes.expect(
      "Nothing of the migration is left in the database",
      (await database.query("SELECT to_regclass('half_way') IS NULL")) === "t",
      "a table half_way",
    );
    notes.expect(
      "Visitors get the second version",
      (await ask(stage, `${APP}/version`)).body === "2" && (await reportOf(stage))?.image === images.second,
      await reportOf(stage),
    );
  },
};
