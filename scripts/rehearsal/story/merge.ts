import { z } from "zod";
import type { Stage } from "../stage/stage.ts";
import { differences, footprints } from "./footprint.ts";
import { HOSTS } from "./hosts.ts";
import { deployDevJob } from "./jobs.ts";
import type { LoopMemory } from "./loop.ts";
import { APPROVAL, NEW_WORDS } from "./pull-request.ts";
import { keepJob, lastWords, type Scene } from "./scene.ts";

const Accepted = z.object({ id: z.string() });
const Delivered = z.array(z.object({ id: z.string(), body: z.unknown() }));
const Result = z.object({ outcome: z.string() });

export const merge: Scene<LoopMemory> = {
  name: "merge",
  title: "The merge deploys dev",
  tells:
    "Nobody has allowed the rise in cost, so the deployment stops before it touches anything. Somebody sets the label and runs the job again: dev gets what was reviewed, the server first, then the sites that changed. A visitor sees the new page, sends the form, and the message reaches the app. The same deployment once more changes nothing.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const before = await footprints(stage);
    const stopped = keepJob(
      notes,
      await deployDevJob(stage, sha, memory.commits.bootstrap, "Deploy dev without approval"),
      3,
    );
    notes.expect("It says which label is missing", stopped.log.includes(APPROVAL), lastWords(stopped));
    const untouched = differences(before.dev, (await footprints(stage)).dev);
    notes.expect("Dev is as it was", untouched.length === 0, untouched);

    await stage.github.label(memory.pull?.number ?? 0, APPROVAL);
    keepJob(notes, await deployDevJob(stage, sha, memory.commits.bootstrap));
    const after = await footprints(stage);
    const changed = differences(before.dev, after.dev);
    notes.keep("What is different on dev, by the clouds' own APIs", "text", changed.join("\n"));
    const appeared = changed.filter((line) => /^new: (?!release )/.test(line));
    notes.expect(
      `Exactly the ${memory.pull?.creates.length} things of the comment's table have appeared`,
      appeared.length === memory.pull?.creates.length && appeared.length > 0,
      { reviewed: memory.pull?.creates, appeared },
    );
    notes.expect("Nothing is gone", !changed.some((line) => line.startsWith("gone: ")), changed);
    const others = changed.flatMap((line) => /^other: (?!release )([^:]+)/.exec(line)?.[1] ?? []);
    notes.expect(
      "Besides them only the two sites are others: not the Worker, not the image",
      others.join() === "site quayside-status-dev,site quayside-www-dev",
      changed,
    );
    const prod = differences(before.prod, after.prod);
    notes.expect("Prod is untouched", prod.length === 0, prod);

    await visit(stage, notes);

    const [release] = await stage.github.releases("dev");
    notes.expect(
      "GitHub has the release written down as a successful deployment of this commit",
      release?.sha === sha && release.state === "success",
      release,
    );
    notes.keep(
      "The record of the release, from the GitHub Deployment",
      "json",
      JSON.stringify(release?.manifest),
    );

    const second = keepJob(
      notes,
      await deployDevJob(stage, sha, memory.commits.bootstrap, "Deploy dev once more"),
    );
    notes.expect(
      "The second deployment of the same commit says that there is nothing to do",
      Result.safeParse(second.result).data?.outcome === "nothing-to-do",
      second.result,
    );
    const again = differences(after.dev, (await footprints(stage)).dev);
    notes.expect("The second deployment has changed nothing", again.length === 0, again);
  },
};

/** Looks at dev as somebody on the internet. */
async function visit(stage: Stage, notes: Parameters<Scene["play"]>[1]): Promise<void> {
  const [page, server2, accepted] = await stage.visitor.visit(
    HOSTS.dev.www,
    "https://server2-dev.example.com/_release",
    {
      url: `${HOSTS.dev.www}/intake`,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name: "Kim",
        email: "kim@example.net",
        message: "A berth for one night, please.",
      }),
    },
  );
  notes.expect(
    "Dev's landing page has the new words",
    page?.body.includes(NEW_WORDS) === true,
    page?.body.slice(0, 500),
  );
  notes.expect("The second server answers by its own hostname", server2?.status === 200, server2);
  const id = accepted?.status === 202 ? Accepted.safeParse(accepted.json()).data?.id : undefined;
  notes.expect("The form is answered 202 with an id", id !== undefined, accepted);
  const messages = await untilDelivered(stage, id ?? "none");
  notes.expect(
    "The message has reached the app",
    messages.some((message) => JSON.stringify(message).includes(id ?? "none")),
    messages,
  );
}

async function untilDelivered(stage: Stage, id: string): Promise<z.infer<typeof Delivered>> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const [answer] = await stage.visitor.visit(`${HOSTS.dev.app}/inbox`);
    const messages = answer?.status === 200 ? Delivered.parse(answer.json()) : [];
    if (Date.now() > deadline || messages.some((message) => JSON.stringify(message).includes(id)))
      return messages;
  }
}
