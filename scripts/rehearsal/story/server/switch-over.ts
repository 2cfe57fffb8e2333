import { keepJob, type Scene } from "../scene.ts";
import { startCrowd } from "./crowd.ts";
import { deployDev, setImage } from "./jobs.ts";
import { reportOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

/** The least number of requests that have to be made while the release goes on. */
const REQUESTS = 2000;

export const switchOver: Scene<ServerMemory> = {
  name: "switch-over",
  title: "A release, while visitors come",
  tells:
    "The second version is deployed while visitors ask for pages without a pause. The new container starts beside the old one and takes over when it is healthy. Nobody sees an error.",
  async play(stage, notes, memory) {
    const sha = await setImage(stage, memory, machinesOf(stage).images.second);
    const crowd = startCrowd(stage);
    const job = await deployDev(stage, sha, "Deploy the second version");
    const { answers, failures } = await crowd.leave(REQUESTS);
    keepJob(notes, job);
    notes.expect(
      `None of ${answers} requests failed (at least ${REQUESTS})`,
      failures.length === 0 && answers >= REQUESTS,
      failures.slice(0, 20),
    );
    notes.expect(
      "Both versions have answered, the second one last",
      crowd.versions().join() === "1,2",
      crowd.versions(),
    );
    notes.expect(
      "The server reports the second version",
      (await reportOf(stage))?.image === machinesOf(stage).images.second,
      await reportOf(stage),
    );
    notes.keep(
      "How long the release took",
      "text",
      `${Math.round(job.seconds)} s from the start of the job to the server on the new release`,
    );
  },
};
