import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deployDevJob } from "../jobs.ts";
import { devJob } from "../rollbacks/dev-jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RecoveryMemory } from "./chapter.ts";
import { storesOfDev } from "./stores-of-dev.ts";

export const restoredState: Scene<RecoveryMemory> = {
  name: "restored-state",
  title: "A state comes back from its backup",
  tells:
    "The state is lost. Each deployment kept one of the moment before its update, encrypted. The oldest comes back: it knows none of the stores that came after it. The next deployment finds them at Cloudflare and takes them over.",
  async play(stage, notes, memory) {
    const before = await storesOfDev(stage);
    const folder = join(stage.checkout.dir, ".state-backups", "dev");
    const [oldest = ""] = readdirSync(folder).sort();
    const backup = readFileSync(join(folder, oldest), "utf8");
    notes.expect(
      "The backup tells nothing to whoever finds it",
      !/example\.com|urn:pulumi|intake/.test(backup),
      backup.slice(0, 300),
    );

    const restored = keepJob(
      notes,
      await devJob(stage, memory.commit ?? "", "Restore dev", "deploy-dev.yml", [
        "restore",
        "dev",
        "--from",
        join(folder, oldest),
      ]),
    );
    notes.expect(
      "It says which resources the backup does not know",
      /not in it: .*WorkersKvNamespace intake-seen/.test(restored.log),
      lastWords(restored),
    );
    const deployed = keepJob(
      notes,
      await deployDevJob(stage, memory.commit ?? "", memory.commit, "Deploy dev with the old state"),
    );
    notes.expect(
      "The stores are taken over",
      /intake-seen .*taken over[\s\S]*intake-later .*taken over|intake-later .*taken over[\s\S]*intake-seen .*taken over/.test(
        deployed.log,
      ),
      lastWords(deployed),
    );
    const after = await storesOfDev(stage);
    notes.expect(
      "Cloudflare has the very same stores as before",
      JSON.stringify(after) === JSON.stringify(before),
      { before, after },
    );
  },
};
