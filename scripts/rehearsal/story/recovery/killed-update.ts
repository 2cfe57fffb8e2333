import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { kill } from "../../torture/victim.ts";
import { fillEsc } from "../fill-esc.ts";
import { deployDevJob } from "../jobs.ts";
import { mergeChange } from "../rollbacks/dev-jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RecoveryMemory } from "./chapter.ts";
import { openUpdates } from "./open-updates.ts";
import { storesOfDev } from "./stores-of-dev.ts";

export const killedUpdate: Scene<RecoveryMemory> = {
  name: "killed-update",
  title: "A machine dies in the middle of an update",
  tells:
    "A commit gives the Worker a store. Cloudflare has made it when the runner's machine dies, with the engine: the state has never heard of the store, the lock stays, and nobody can tell. The same job on another machine finds all of it.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    await fillEsc(stage);
    const first = await checkout.git("rev-parse", "HEAD");
    keepJob(notes, await deployDevJob(stage, first));
    const sha = await mergeChange(stage, "store", "Give the Worker a store", () =>
      checkout.edit(
        "workers/intake/wrangler.jsonc",
        '"kv_namespaces": [',
        '"kv_namespaces": [{ "binding": "INTAKE_SEEN", "id": "00000000000000000000000000000001" }, ',
      ),
    );
    memory.commit = sha;
    const before = await storesOfDev(stage);

    await admin(stage, "faults", "POST", {
      method: "POST",
      path: "/storage/kv/namespaces$",
      fault: { kind: "hold" },
    });
    let pipeline = 0;
    let isOver = false;
    const dying = stage
      .job({ ...deployOrder(stage, sha, first), name: "Deploy dev, on a machine that dies" }, (pid) => {
        pipeline = pid;
      })
      .finally(() => {
        isOver = true;
      });
    while (!isOver && !(await isHeld(stage))) await delay(25);
    await kill("machine", pipeline);
    await admin(stage, "held", "DELETE");
    const killed = await dying;
    notes.keepJob(killed);
    notes.expect("The job says nothing any more", killed.result === undefined, killed.result);
    const made = (await storesOfDev(stage)).filter(({ id }) => !before.some((each) => each.id === id));
    notes.expect("Cloudflare has the new store", made.length === 1, made);
    memory.store = made[0]?.id;
    const open = await openUpdates(stage);
    notes.expect("GitHub has it written down that an update is under way", open.length === 1, open);

    const again = keepJob(notes, await deployDevJob(stage, sha, first, "Deploy dev once more"));
    notes.expect(
      "The job says that it broke the lock, and whose it was",
      /lock of dev was broken[\s\S]*dead/.test(again.log),
      lastWords(again),
    );
    notes.expect(
      "The job says that it took the store over",
      /WorkersKvNamespace intake-seen .*taken over/.test(again.log),
      lastWords(again),
    );
    const after = await storesOfDev(stage);
    notes.expect(
      "There is one store more than before, and it is that one",
      after.length === before.length + 1 && after.some(({ id }) => id === memory.store),
      { before, after },
    );
    const left = await openUpdates(stage);
    notes.expect("No update is written down as under way", left.length === 0, left);
  },
};

/** What {@link deployDevJob} orders, for a job that has to be watched. */
function deployOrder(stage: Stage, sha: string, before: string) {
  return {
    workflow: "deploy-dev.yml",
    command: ["deploy", "dev", "--verify-limit", "20"],
    event: stage.github.pushEvent("refs/heads/main", before, sha),
    sha,
    ref: "refs/heads/main",
    environment: "dev",
    actor: "robin",
  };
}

async function admin(stage: Stage, path: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(new URL(`/_rehearsal/${path}`, stage.clouds.cloudflare.url), {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

async function isHeld(stage: Stage): Promise<boolean> {
  return z.object({ held: z.number() }).parse(await admin(stage, "held", "GET")).held > 0;
}
