import { fillEsc } from "../fill-esc.ts";
import { deployDevJob, IMAGE } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { makeDatabase } from "./database.ts";
import { mergeChange } from "./dev-jobs.ts";
import { namespacesOfDev, releaseRecord, seenOnDev } from "./seen-on-dev.ts";

export const SECOND_IMAGE = `sha256:${"3".repeat(64)}`;

export const twoReleases: Scene<RollbackMemory> = {
  name: "two-releases",
  title: "Two releases to go between",
  tells:
    "Dev comes up. A second commit changes all of it: the page, the Worker with a store of its own, and the app's image.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    await fillEsc(stage);
    await makeDatabase(stage);
    const first = await checkout.git("rev-parse", "HEAD");
    keepJob(notes, await deployDevJob(stage, first));
    const before = await seenOnDev(stage);
    memory.record = (await releaseRecord(stage)).content;

    const second = await mergeChange(stage, "second", "Second of everything", () => {
      checkout.edit("sites/www/index.html", "<title>", "<title>Second: ");
      checkout.edit("workers/intake/src/index.ts", "", "// The second version.\n");
      checkout.edit(
        "workers/intake/wrangler.jsonc",
        '"kv_namespaces": [',
        '"kv_namespaces": [{ "binding": "INTAKE_SECOND", "id": "00000000000000000000000000000001" }, ',
      );
      // Prod gets by a release only the image that dev has run.
      for (const stack of ["dev", "prod"]) checkout.edit(`infra/Pulumi.${stack}.yaml`, IMAGE, SECOND_IMAGE);
    });
    keepJob(notes, await deployDevJob(stage, second, first));
    const after = await seenOnDev(stage);
    notes.expect("The page is the second one", after.title.startsWith("Second: "), after);
    notes.expect("Another version of the Worker answers", after.worker !== before.worker, { before, after });
    notes.expect("The server runs the second image", after.image.endsWith(SECOND_IMAGE), after);
    const stores = await namespacesOfDev(stage);
    notes.expect(
      "The Worker's new store is there",
      stores.some((title) => /second/i.test(title)),
      stores,
    );

    const [now, earlier] = await stage.github.releases("dev");
    memory.commits = { first, second, newest: second };
    memory.releases = { first: earlier?.id, second: now?.id };
  },
};
