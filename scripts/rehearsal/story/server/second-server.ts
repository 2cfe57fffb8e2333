import { mergePull, openPull, previewJob } from "../jobs.ts";
import { APPROVAL } from "../pull-request.ts";
import { keepJob, type Scene } from "../scene.ts";
import { deployDev } from "./jobs.ts";
import { APP, ask, reportOf } from "./look.ts";
import type { ServerMemory } from "./memory.ts";
import { machinesOf } from "./stage.ts";

export const secondServer: Scene<ServerMemory> = {
  name: "second-server",
  title: "A second server",
  tells:
    "A pull request gives dev a second server. It waits for the first one, finds the database migrated, and takes its share of the visitors.",
  async play(stage, notes, memory) {
    const pull = await openPull(stage, "second-machine", "Give dev a second server", () =>
      stage.checkout.edit(
        "infra/Pulumi.dev.yaml",
        'quayside:secondServer: "false"',
        'quayside:secondServer: "true"',
      ),
    );
    keepJob(notes, await previewJob(stage, pull));
    await stage.github.label(pull.number, APPROVAL);
    const sha = await mergePull(stage, pull.number);
    memory.sha = sha;
    const job = keepJob(notes, await deployDev(stage, sha, "Deploy the second server"));
    const reports = [await reportOf(stage, "server1"), await reportOf(stage, "server2")];
    notes.expect(
      "Both servers run the third version, and are healthy",
      reports.every((report) => report?.image === machinesOf(stage).images.third && report.healthy),
      reports,
    );
    const servers = new Set<string>();
    for (let count = 0; count < 40; count++)
      servers.add((JSON.parse((await ask(stage, APP)).body) as { server: string }).server);
    notes.expect("Visitors reach both", servers.size === 2, [...servers]);
    notes.expect(
      `From the merge to both servers on the release it took ${Math.round(job.seconds)} s here`,
      true,
    );
  },
};
