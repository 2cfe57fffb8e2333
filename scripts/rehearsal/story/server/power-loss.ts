import { keepJob, type Scene } from "../scene.ts";
import { deployDev, setImage } from "./jobs.ts";
import { APP, ask, reportOf, serverOf, until } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const powerLoss: Scene<ServerMemory> = {
  name: "power-loss",
  title: "The power goes in the middle of a release",
  tells:
    "The third version is being released when the server loses its power. It comes back, starts what it ran, and finishes the release by itself; the job waits and is content.",
  async play(stage, notes, memory) {
    const { images } = machinesOf(stage);
    const sha = await setImage(stage, memory, images.third);
    const job = deployDev(stage, sha, "Deploy the third version");
    const steps = ["check", "migrate", "start", "health"];
    const inTheMidst = await until(300, async () => {
      const attempt = (await reportOf(stage))?.attempt;
      return attempt?.image === images.third && steps.includes(attempt.step ?? "");
    });
    const { id } = await serverOf(stage);
    await stage.api("hetzner", `/servers/${id}/actions/reset`, { method: "POST", body: {} });
    notes.expect(
      "The server was in the middle of the release when its power went",
      inTheMidst,
      await reportOf(stage),
    );
    keepJob(notes, await job);
    const report = await reportOf(stage);
    notes.expect(
      "It runs the third version, and is healthy",
      report?.image === images.third && report.healthy,
      report,
    );
    notes.expect(
      "The data is there",
      (await ask(stage, `${APP}/logbook`)).body.includes("before the storm") &&
        (await ask(stage, `${APP}/berths`)).body.includes("Kim"),
      await ask(stage, `${APP}/berths`),
    );
  },
};
