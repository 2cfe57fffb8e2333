import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { deployDevJob } from "../jobs.ts";
import { mergeChange } from "../rollbacks/dev-jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RecoveryMemory } from "./chapter.ts";
import { openUpdates } from "./open-updates.ts";
import { storesOfDev } from "./stores-of-dev.ts";

const HOST = "runner-of-another-run";

export const foreignLock: Scene<RecoveryMemory> = {
  name: "foreign-lock",
  title: "The lock of another run",
  tells:
    "Another machine holds dev's lock. As long as GitHub says that its run is under way, nobody else touches the stack, and the error links that run. The run is over, and the next job breaks the lock.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const sha = await mergeChange(stage, "another-store", "Give the Worker another store", () =>
      checkout.edit(
        "workers/intake/wrangler.jsonc",
        '"kv_namespaces": [',
        '"kv_namespaces": [{ "binding": "INTAKE_LATER", "id": "00000000000000000000000000000002" }, ',
      ),
    );
    const before = await storesOfDev(stage);
    const run = await leaveLock(stage, memory.commit ?? sha);

    const refused = keepJob(notes, await deployDevJob(stage, sha, memory.commit, "Deploy dev beside it"), 1);
    const { outcome } = z.object({ outcome: z.string() }).parse(refused.result);
    notes.expect("Its outcome is state-locked", outcome === "state-locked", refused.result);
    notes.expect(
      "It names the run, since when, and links it",
      refused.log.includes(`workflow run ${run}, since `) && refused.log.includes(`/actions/runs/${run}`),
      lastWords(refused),
    );
    const untouched = await storesOfDev(stage);
    notes.expect("Nothing was made", untouched.length === before.length, { before, untouched });

    await fetch(new URL(`/_rehearsal/runs/${run}`, stage.clouds.github.url), {
      method: "PATCH",
      body: JSON.stringify({ status: "completed", conclusion: "cancelled" }),
    });
    const passed = keepJob(notes, await deployDevJob(stage, sha, memory.commit, "Deploy dev after its end"));
    notes.expect(
      "It broke the lock, because the run is over",
      /lock of dev was broken[\s\S]*the run is over \(cancelled\)/.test(passed.log),
      lastWords(passed),
    );
    const after = await storesOfDev(stage);
    notes.expect("The store is there", after.length === before.length + 1, { before, after });
    const left = await openUpdates(stage);
    notes.expect("Nothing is written down as under way", left.length === 0, left);
    memory.commit = sha;
  },
};

/** What a run on another machine leaves while it updates dev: the engine's lock, and the record of who it is. */
async function leaveLock(stage: Stage, sha: string): Promise<number> {
  const { url, repository, token } = stage.clouds.github;
  const post = async (path: string, body: object) =>
    (
      await fetch(new URL(path, url), {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json();
  const { runId } = z
    .object({ runId: z.number() })
    .parse(await post("/_rehearsal/jobs", { claims: { sha } }));
  const startedAt = new Date();
  await post(`/repos/${repository}/deployments`, {
    ref: sha,
    environment: "dev",
    task: "update",
    auto_merge: false,
    required_contexts: [],
    payload: {
      schema: 1,
      kind: "update",
      stack: "dev",
      sha,
      actor: "kim",
      startedAt: startedAt.toISOString(),
      process: { host: HOST, boot: randomUUID(), pid: 4242, start: "1" },
      run: { id: runId, attempt: 1, url: `https://github.com/${repository}/actions/runs/${runId}` },
    },
  });
  const locks = join(stage.dir, "state", ".pulumi", "locks", "organization", "quayside", "dev");
  mkdirSync(locks, { recursive: true });
  const lock = { pid: 4243, username: "runner", hostname: HOST, timestamp: startedAt.toISOString() };
  writeFileSync(join(locks, `${randomUUID()}.json`), JSON.stringify(lock));
  return runId;
}
