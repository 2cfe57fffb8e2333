import { differences, footprints } from "../footprint.ts";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";
import { commitOnMain } from "./on-main.ts";

const NEW_WORDS = "Half of a deployment";

export const putBack: Scene<EdgeMemory> = {
  name: "put-back",
  title: "One part fails, and the others are as they were",
  tells:
    "A commit changes the landing page and two Workers, one of which can't be built. The others are deployed at the same time, and get back what they had when the one has failed: nobody is left with half of a change. The mended commit brings all of it.",
  async play(stage, notes, memory) {
    const { checkout, visitor } = stage;
    const before = await footprints(stage);
    checkout.edit("sites/www/index.html", "</h1>", ` <span>${NEW_WORDS}</span></h1>`);
    checkout.edit("workers/watch/src/index.ts", '"ok"', '"good"');
    checkout.edit("workers/greeter/src/index.ts", "export default {", "export default {{");
    const old = memory.main;
    const broken = await commitOnMain(stage, "Change three parts, one of them for the worse");
    const failed = keepJob(notes, await deployDevJob(stage, broken, old, "Deploy dev, one Worker broken"), 1);
    notes.expect(
      "It says which part failed, and which are back",
      failed.log.includes("workers/greeter") &&
        /Put back as they were: sites\/www, workers\/watch\./.test(failed.log),
      lastWords(failed),
    );
    const [page, health] = await visitor.visit(HOSTS.dev.www, `${HOSTS.dev.app}/watch/healthz`);
    notes.expect("The landing page is the old one", page?.body.includes(NEW_WORDS) === false, page?.body);
    notes.expect("So is the Worker that watches", health?.body.includes('"ok"') === true, health?.body);
    const changed = differences(before.dev, (await footprints(stage)).dev);
    notes.expect(
      "By the clouds' own APIs nothing on dev is another thing than before",
      changed.every((line) => /^new: release /.test(line)),
      changed,
    );

    checkout.edit("workers/greeter/src/index.ts", "export default {{", "export default {");
    memory.main = await commitOnMain(stage, "Mend the Worker");
    keepJob(notes, await deployDevJob(stage, memory.main, broken, "Deploy dev, mended"));
    const [mended] = await visitor.visit(HOSTS.dev.www);
    notes.expect("With it the new words are live", mended?.body.includes(NEW_WORDS) === true, mended?.body);
  },
};
