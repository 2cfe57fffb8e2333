import { z } from "zod";
import { HOSTS } from "./hosts.ts";
import { deployDevJob } from "./jobs.ts";
import { NEW_WORDS } from "./pull-request.ts";
import { keepJob, type Scene } from "./scene.ts";

const Accepted = z.object({ id: z.string() });
const Delivered = z.array(z.object({ id: z.string(), body: z.unknown() }));
const Result = z.object({ outcome: z.string(), deployed: z.array(z.string()), steps: z.number() });

export const merge: Scene = {
  name: "merge",
  title: "The merge deploys dev",
  tells:
    "The pull request is merged. Dev gets what was reviewed: the server first, then the sites that changed. A visitor sees the new page, sends the form, and the message reaches the app. The same deployment once more changes nothing.",
  async play(stage, notes, memory) {
    const sha = memory.commits.feature ?? "";
    const job = keepJob(notes, await deployDevJob(stage, sha, memory.commits.bootstrap));
    const result = Result.safeParse(job.result).data;
    notes.expect(
      "Only what changed was deployed: both sites, no Worker",
      result?.deployed.toSorted().join() === "sites/status,sites/www",
      result?.deployed,
    );

    const [page, server2, prodPage] = await stage.visitor.visit(
      HOSTS.dev.www,
      "https://server2-dev.example.com/_release",
      HOSTS.prod.www,
    );
    notes.expect(
      "Dev's landing page has the new words",
      page?.body.includes(NEW_WORDS) === true,
      page?.body.slice(0, 500),
    );
    notes.expect("The second server answers by its own hostname", server2?.status === 200, server2);
    notes.expect(
      "Prod's landing page is the old one",
      prodPage?.body.includes(NEW_WORDS) === false,
      "the new words",
    );

    const [accepted] = await stage.visitor.visit({
      url: `${HOSTS.dev.www}/intake`,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name: "Kim",
        email: "kim@example.net",
        message: "A berth for one night, please.",
      }),
    });
    notes.expect(
      "The form is answered 202 with an id",
      accepted?.status === 202 && Accepted.safeParse(accepted.json()).success,
      accepted,
    );
    const id = accepted?.status === 202 ? Accepted.parse(accepted.json()).id : "";
    const messages = await untilDelivered(stage, id);
    notes.expect(
      "The message has reached the app",
      messages.some((message) => JSON.stringify(message).includes(id)),
      messages,
    );

    const second = keepJob(notes, await deployDevJob(stage, sha, memory.commits.bootstrap));
    const nothing = Result.safeParse(second.result).data;
    notes.expect(
      "The second deployment of the same commit changes nothing and says so",
      nothing?.outcome === "nothing-to-do" && nothing.deployed.length === 0 && nothing.steps === 0,
      second.result,
    );
  },
};

async function untilDelivered(
  stage: Parameters<Scene["play"]>[0],
  id: string,
): Promise<z.infer<typeof Delivered>> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const [answer] = await stage.visitor.visit(`${HOSTS.dev.app}/inbox`);
    const messages = answer?.status === 200 ? Delivered.parse(answer.json()) : [];
    if (Date.now() > deadline || messages.some((message) => JSON.stringify(message).includes(id)))
      return messages;
  }
}
