import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, lastWords, type Scene } from "../scene.ts";
import type { RollbackMemory } from "./chapter.ts";
import { mergeChange } from "./dev-jobs.ts";
import { seenOnDev } from "./seen-on-dev.ts";

const SOURCE = "workers/intake/src/index.ts";
const ENTRY = "async fetch(request, env): Promise<Response> {";
const SICK = `${ENTRY}\n    if (env.STACK !== "local") return new Response("sick", { status: 503 });`;
/** Healthy, but for whoever comes to the form: an exception outside of everything that would catch it. */
const BROKEN = `${ENTRY}\n    if (!request.url.endsWith("/healthz")) throw new Error("broken for visitors");`;
/** Visitors that come at once, again and again. */
const CROWD = 12;

export const gradualRollout: Scene<RollbackMemory> = {
  name: "gradual-rollout",
  title: "A version that goes back by itself",
  tells:
    "Dev gives new versions of Workers a third of the traffic first. One that is not healthy never meets a visitor. One that looks healthy and fails its visitors loses them again. A good one gets all of them.",
  async play(stage, notes, memory) {
    const { checkout } = stage;
    const good = await seenOnDev(stage);

    const sick = await mergeChange(stage, "sick", "Give new versions a third of the traffic first", () => {
      checkout.edit(
        "infra/Pulumi.dev.yaml",
        "config:",
        "config:\n  quayside:rollout: { steps: [33], watchSeconds: 6, maxErrorPercent: 5 }",
      );
      checkout.edit(SOURCE, ENTRY, SICK);
    });
    const refused = keepJob(
      notes,
      await deployDevJob(stage, sick, memory.commits.newest, "Deployment of a sick version"),
      1,
    );
    notes.expect(
      "It was taken out before it had any traffic",
      refused.log.includes("rollout-returned") && /got 0 % of the traffic/.test(refused.log),
      lastWords(refused),
    );
    const still = await seenOnDev(stage);
    notes.expect("The version before answers everybody", still.worker === good.worker, { good, still });

    const broken = await mergeChange(stage, "broken", "Break it for visitors only", () =>
      checkout.edit(SOURCE, SICK, BROKEN),
    );
    const crowd = visitAllTheTime(stage);
    const returned = keepJob(
      notes,
      await deployDevJob(stage, broken, sick, "Deployment of a version that fails its visitors"),
      1,
    );
    const met = await crowd.leave();
    notes.expect(
      "Some visitors have met it, and not all of them",
      met.failed > 0 && met.failed < met.all / 2,
      met,
    );
    notes.expect(
      "It was taken out at its third, for its errors",
      /got 33 % of the traffic and was taken out again: about \d+ % of its calls fail/.test(returned.log),
      lastWords(returned),
    );
    const again = await seenOnDev(stage);
    notes.expect("The version before answers everybody again", again.worker === good.worker, { good, again });

    const mended = await mergeChange(stage, "mended", "Mend it", () =>
      checkout.edit(SOURCE, BROKEN, `${ENTRY}\n    // Mended.`),
    );
    const done = keepJob(notes, await deployDevJob(stage, mended, broken, "Deployment of a good version"));
    notes.expect(
      "It got all of the traffic, after its third",
      /all of the traffic, after 33 %/.test(done.log),
      lastWords(done),
    );
    const live = await seenOnDev(stage);
    notes.expect("The new version answers", live.worker !== good.worker && live.worker !== "503", live);
    memory.commits.newest = mended;
  },
};

const Deployments = z.object({
  result: z.object({
    deployments: z.array(z.object({ versions: z.array(z.object({ percentage: z.number() })) })),
  }),
});

/** Whether two versions of dev's intake share its traffic, by Cloudflare's own word. */
async function isShared(stage: Stage): Promise<boolean> {
  const path = `/accounts/${stage.clouds.cloudflare.accountId}/workers/scripts/intake-dev/deployments`;
  const [active] = Deployments.parse(await stage.api("cloudflare", path)).result.deployments;
  return (active?.versions ?? []).filter(({ percentage }) => percentage > 0).length === 2;
}

/**
 * Visitors that ask for the form's address while two versions share the traffic, until they are sent away; how many of them
 * saw an error of the edge.
 */
function visitAllTheTime(stage: Stage): { leave(): Promise<{ all: number; failed: number }> } {
  let here = true;
  const counts = { all: 0, failed: 0 };
  const going = (async () => {
    while (here) {
      if (!(await isShared(stage))) {
        await delay(100);
        continue;
      }
      const answers = await stage.visitor.visit(
        ...Array.from({ length: CROWD }, () => `${HOSTS.dev.www}/intake`),
      );
      counts.all += answers.length;
      counts.failed += answers.filter(({ status }) => status === 500).length;
    }
  })();
  return {
    async leave() {
      here = false;
      await going;
      return counts;
    },
  };
}
