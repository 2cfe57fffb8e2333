import { keepJob, type Scene } from "../scene.ts";
import { deployDev } from "./jobs.ts";
import { APP, ask, reportOf, serverOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const replacement: Scene<ServerMemory> = {
  name: "replacement",
  title: "A broken server is replaced",
  tells:
    "A server is beyond repair. Somebody deletes it in Hetzner's console and runs the deployment with --refresh: another one is born under the same addresses, with the same volume.",
  async play(stage, notes, memory) {
    const { id } = await serverOf(stage);
    await stage.api("hetzner", `/servers/${id}`, { method: "DELETE", body: {} });
    await until(30, () => machinesOf(stage).machine(id) === undefined);
    keepJob(notes, await deployDev(stage, memory.sha ?? "", "Deploy dev with --refresh", "--refresh"));
    const { id: another } = await serverOf(stage);
    const report = await reportOf(stage);
    notes.expect("It is another server", another !== id, { before: id, now: another });
    notes.expect(
      "It runs the third version, and is healthy",
      report?.image === machinesOf(stage).images.third && report.healthy,
      report,
    );
    notes.expect(
      "The volume's data is there",
      (await ask(stage, `${APP}/logbook`)).body.includes("before the storm"),
      await ask(stage, `${APP}/logbook`),
    );
  },
};
