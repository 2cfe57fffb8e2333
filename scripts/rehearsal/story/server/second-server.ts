import type { Stage } from "../../stage/stage.ts";
import { keepJob, type Scene } from "../scene.ts";
import { startCrowd } from "./crowd.ts";
import { deployDev, push, setImage } from "./jobs.ts";
import { reportOf, serverOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

const REQUESTS = 1000;

export const secondServer: Scene<ServerMemory> = {
  name: "second-server",
  title: "A second server joins, and follows the first",
  tells:
    "One line of the stack's file, and another server is born. The next release goes to the first server, and to the second one only when the first runs it; the second never migrates. Nobody sees an error.",
  async play(stage, notes, memory) {
    const { images, database } = machinesOf(stage);
    const ran = (await reportOf(stage))?.image;
    const added = await push(stage, memory, "Add a second server", () =>
      stage.checkout.edit("infra/Pulumi.dev.yaml", 'secondServer: "false"', 'secondServer: "true"'),
    );
    // It costs more than a change may without a word.
    const joining = startCrowd(stage);
    const birth = keepJob(notes, await deployDev(stage, added, "Deploy a second server", "--unreviewed"));
    const joined = await joining.leave(REQUESTS);
    notes.expect(
      `None of ${joined.answers} requests failed while it joined`,
      joined.failures.length === 0,
      joined.failures.slice(0, 20),
    );
    const report = await reportOf(stage, "server2");
    notes.expect(
      "It runs what the first one runs, and is healthy",
      report?.image === ran && report?.healthy === true,
      report,
    );

    const next = ran === images.second ? images.third : images.second;
    const sha = await setImage(stage, memory, next);
    const crowd = startCrowd(stage);
    const job = deployDev(stage, sha, "Deploy to both servers");
    const order = await whoWasFirst(stage, next, job);
    const { answers, failures } = await crowd.leave(REQUESTS);
    keepJob(notes, await job);
    notes.expect(`None of ${answers} requests failed`, failures.length === 0, failures.slice(0, 20));
    notes.expect(
      "The first server took the release before the second one",
      order.join() === "server1,server2",
      order,
    );
    const reports = await Promise.all([reportOf(stage), reportOf(stage, "server2")]);
    notes.expect(
      "Both run it, and are healthy",
      reports.every((each) => each?.image === next && each.healthy),
      reports,
    );
    const journal = await (await serverOf(stage, "server2")).machine.inside(
      "journalctl",
      "--unit",
      "release-agent.service",
      "--output",
      "cat",
      "--no-pager",
    );
    notes.expect(
      "The second one has not migrated",
      !/migrate/i.test(journal) &&
        (await database.query("SELECT count(*) > 0 FROM django_migrations")) === "t",
      journal.slice(-1500),
    );
    notes.keep(
      "How long it took",
      "text",
      `${Math.round(birth.seconds)} s from the start of the job to the second server; ${Math.round((await job).seconds)} s for a release to both`,
    );
  },
};

/** The servers in the order in which they said that they run an image, as seen until a job has ended. */
async function whoWasFirst(stage: Stage, image: string, job: Promise<unknown>): Promise<string[]> {
  const order: string[] = [];
  let ended = false;
  job.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  for (;;) {
    const last = ended;
    // The second one is asked first: one that overtakes would be seen.
    for (const server of ["server2", "server1"])
      if (!order.includes(server) && (await reportOf(stage, server))?.image === image) order.push(server);
    if (last || order.length === 2) return order;
  }
}
