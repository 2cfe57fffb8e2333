import { keepJob, type Scene } from "../scene.ts";
import { deployDev } from "./jobs.ts";
import { APP, ask, isMaintenance, reportOf, serverOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";

export const replacement: Scene<ServerMemory> = {
  name: "replacement",
  title: "A server is beyond help, and is replaced",
  tells:
    "Somebody deletes the server in Hetzner's console. Visitors get the maintenance page. A deployment that looks at the clouds first makes another one, on the same addresses and with the same volume.",
  async play(stage, notes, memory) {
    const before = await serverOf(stage);
    const ran = (await reportOf(stage))?.image;
    await stage.api("hetzner", `/servers/${before.id}`, { method: "DELETE", body: {} });
    const maintenance = await until(60, async () => isMaintenance(await ask(stage, APP, { person: true })));
    notes.expect(
      "While no server is there, visitors get the maintenance page",
      maintenance,
      await ask(stage, APP, { person: true }),
    );

    const job = keepJob(
      notes,
      await deployDev(stage, memory.sha ?? "", "Deploy dev, looking first", "--refresh", "--unreviewed"),
    );
    const after = await serverOf(stage);
    notes.expect(
      "Another server is there, under the same address",
      after.id !== before.id && after.ip === before.ip,
      { before: [before.id, before.ip], after: [after.id, after.ip] },
    );
    const report = await reportOf(stage);
    notes.expect(
      "It runs what the old one ran, and is healthy",
      report?.image === ran && report?.healthy === true,
      report,
    );
    const logbook = await ask(stage, `${APP}/logbook`);
    notes.expect("The volume's files are there", logbook.body.includes("before the storm"), logbook);
    const berths = await ask(stage, `${APP}/berths`);
    notes.expect("The database's rows are there", berths.body.includes("Kim"), berths);
    notes.keep(
      "How long it took",
      "text",
      `${Math.round(job.seconds)} s from the start of the job to the healthy server`,
    );
  },
};
