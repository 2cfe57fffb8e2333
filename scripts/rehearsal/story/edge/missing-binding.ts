import { differences, footprints } from "../footprint.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";
import { commitOnMain } from "./on-main.ts";

const WORKER = "workers/watch/wrangler.jsonc";
const SETTING = '"workers_dev": false,';
const BOUND = `${SETTING}\n  "hyperdrive": [{ "binding": "LEDGER", "id": "copied-from-somewhere" }],`;

export const missingBinding: Scene<EdgeMemory> = {
  name: "missing-binding",
  title: "A binding that the stack does not have stops the deployment before it begins",
  tells:
    "A commit changes the landing page, and lets a Worker bind a database by an id that somebody copied. The stack has no such thing: the deployment says so, and nothing is touched, not even the page.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const before = await footprints(stage);
    checkout.edit("sites/www/index.html", "<title>", "<title>Never seen: ");
    checkout.edit(WORKER, SETTING, BOUND);
    const sha = await commitOnMain(stage, "Bind a database by hand");
    const stopped = keepJob(
      notes,
      await deployDevJob(stage, sha, memory.main, "Deploy dev, one binding copied"),
      3,
    );
    notes.expect(
      "It names the Worker, the binding and its kind",
      /binding-missing/.test(stopped.log) &&
        /workers\/watch\/wrangler\.jsonc[\s\S]*LEDGER \(hyperdrive\)/.test(stopped.log),
      lastWords(stopped),
    );
    const changed = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("By the clouds' own APIs nothing on dev was touched", changed.length === 0, changed);

    checkout.edit("sites/www/index.html", "<title>Never seen: ", "<title>");
    checkout.edit(WORKER, BOUND, SETTING);
    memory.main = await commitOnMain(stage, "Take the binding out again");
    keepJob(notes, await deployDevJob(stage, memory.main, sha, "Deploy dev, without the binding"));
  },
};
