import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { differences, footprints } from "../footprint.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { mergeChange, rollbackDev } from "./dev-jobs.ts";

const Deployments = z.object({ result: z.array(z.object({ id: z.string() })) });
/** As many versions as Cloudflare lets anybody go back by. */
const REACH = 100;

export const refusedRollbacks: Scene<RollbackMemory> = {
  name: "refused-rollbacks",
  title: "What can't come back is said, and nothing is half done",
  tells:
    "A Durable Object migration lies between, and somebody has deleted the site's old deployments: the rollback names both and touches nothing. When a hundred newer versions are there, it names that.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const sha = await mergeChange(stage, "migration", "Give the intake a second kind of object", () => {
      checkout.edit(
        "workers/intake/wrangler.jsonc",
        '"new_sqlite_classes": ["Outbox"] }',
        '"new_sqlite_classes": ["Outbox"] }, { "tag": "v-second", "new_sqlite_classes": ["Second"] }',
      );
      checkout.edit(
        "workers/intake/src/index.ts",
        "export { Outbox }",
        'import { DurableObject } from "cloudflare:workers";\nexport class Second extends DurableObject {}\nexport { Outbox }',
      );
    });
    const deployed = keepJob(
      notes,
      await deployDevJob(stage, sha, memory.commits.newest, "Deployment of a migration"),
    );
    notes.expect(
      "The migration went all at once, and it says so",
      /all at once, as it brings the Durable Object migration v-second/.test(deployed.log),
      lastWords(deployed),
    );
    memory.commits.newest = sha;
    await deleteOldDeployments(stage);

    const before = await footprints(stage);
    const back = ["--to", memory.releases.second ?? "", "--scope", "edge"];
    const refused = keepJob(notes, await rollbackDev(stage, sha, "Rollback past the migration", ...back), 3);
    notes.expect(
      "It names the migration",
      /Durable Object migration since \(\S+ → v-second\)/.test(refused.log),
      lastWords(refused),
    );
    notes.expect(
      "It names the deployment of the site that is gone",
      /Site www has no deployment \S+ any more/.test(refused.log),
      lastWords(refused),
    );
    await makeVersions(stage, REACH);
    const tooOld = keepJob(
      notes,
      await rollbackDev(stage, sha, "Rollback beyond the newest hundred", ...back),
      3,
    );
    notes.expect(
      "It names the version that is not among the newest hundred",
      /version \S+ is not among the newest 100/.test(tooOld.log),
      lastWords(tooOld),
    );
    const touched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Nothing was touched", touched.length === 0, touched);
  },
};

/** Deletes all deployments of dev's landing page but the one that is live, as somebody who tidies up does. */
async function deleteOldDeployments(stage: Stage): Promise<void> {
  const path = `/accounts/${stage.clouds.cloudflare.accountId}/pages/projects/quayside-www-dev`;
  const { result } = Deployments.parse(await stage.api("cloudflare", `${path}/deployments`));
  const project = z
    .object({ result: z.object({ canonical_deployment: z.object({ id: z.string() }) }) })
    .parse(await stage.api("cloudflare", path));
  for (const { id } of result.filter(({ id }) => id !== project.result.canonical_deployment.id))
    await stage.api("cloudflare", `${path}/deployments/${id}?force=true`, { method: "DELETE", body: {} });
}

/** Versions that nobody deploys, as changed secrets make them. */
async function makeVersions(stage: Stage, count: number): Promise<void> {
  const path = `/accounts/${stage.clouds.cloudflare.accountId}/workers/workers/intake-dev/versions/latest`;
  for (let number = 0; number < count; number++)
    await stage.api("cloudflare", path, {
      method: "PATCH",
      body: { env: { REHEARSED: { text: String(number) } } },
    });
}
