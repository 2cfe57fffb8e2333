import { keepJob, lastWords, type Scene } from "../scene.ts";
import { deployDev, setImage } from "./jobs.ts";
import { APP, ask, reportOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const brokenRelease: Scene<ServerMemory> = {
  name: "broken-release",
  title: "A release that is not healthy",
  tells:
    "The next version starts and is not healthy. It never gets a visitor; the job says which server stayed behind, and why.",
  async play(stage, notes, memory) {
    const { images } = machinesOf(stage);
    const sha = await setImage(stage, memory, images.sick);
    const job = keepJob(notes, await deployDev(stage, sha, "Deploy a sick version"), 1);
    notes.expect(
      "The job names the server and the agent's reason",
      /server1: .*its last attempt: health: \/health answers 500/.test(job.log),
      lastWords(job),
    );
    const report = await reportOf(stage);
    notes.expect(
      "The server still runs the second version, and is healthy",
      report?.image === images.second && report.healthy,
      report,
    );
    notes.expect(
      "Visitors get the second version",
      (await ask(stage, `${APP}/version`)).body === "2",
      await ask(stage, `${APP}/version`),
    );
  },
};
