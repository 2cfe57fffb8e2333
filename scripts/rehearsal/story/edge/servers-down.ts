import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { HOSTS } from "../hosts.ts";
import type { Scene } from "../scene.ts";
import type { EdgeMemory } from "./memory.ts";

const Servers = z.object({
  servers: z.array(z.object({ id: z.number(), labels: z.record(z.string(), z.string()) })),
});
const History = z.object({
  days: z.array(z.object({ parts: z.record(z.string(), z.object({ asked: z.number(), ok: z.number() })) })),
  outages: z.array(z.object({ part: z.string(), to: z.string().nullable() })),
});
const PERSON = { headers: { accept: "text/html" } };
const PATIENCE_MS = 20_000;

export const serversDown: Scene<EdgeMemory> = {
  name: "servers-down",
  title: "The servers are down, and the edge goes on",
  tells:
    "Dev's server is switched off. Who asks the app for a page gets the maintenance page, from the edge; programs get the error itself. The website's form is taken in, and the status page knows since when the app is out. The server comes back, and with it the app; the message arrives.",
  async play(stage, notes) {
    const { visitor } = stage;
    await watchNow(stage);
    await power(stage, "poweroff");
    await watchNow(stage);
    const [page, program, form, status, history] = await visitor.visit(
      { url: `${HOSTS.dev.app}/orders?page=2`, ...PERSON },
      { url: `${HOSTS.dev.app}/orders`, headers: { accept: "application/json" } },
      {
        url: `${HOSTS.dev.www}/intake`,
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
        body: new URLSearchParams({
          name: "Kim",
          email: "kim@example.net",
          message: "Written while it was dark.",
        }).toString(),
      },
      HOSTS.dev.status,
      `${HOSTS.dev.status}/watch/history`,
    );
    notes.expect(
      "A person gets the maintenance page with 503, and no cache keeps it",
      page?.status === 503 &&
        page.body.includes("Back in a moment.") &&
        page.headers["cache-control"] === "no-store",
      page,
    );
    notes.expect(
      "It leads to dev's status page",
      page?.body.includes(`${HOSTS.dev.status}/`) === true,
      page?.body,
    );
    notes.keep("The maintenance page", "page", page?.body ?? "");
    notes.expect("A program gets the edge's own error", (program?.status ?? 0) >= 520, program?.status);
    notes.expect(
      "The form without JavaScript is taken in, and answered with the page that thanks",
      form?.status === 303 && form.headers.location === "/thanks",
      form,
    );
    notes.expect("The status page is there", status?.status === 200, status?.status);
    const seen = History.safeParse(history?.status === 200 ? history.json() : undefined).data;
    notes.expect(
      "It knows that the application is out, and that nothing else is",
      seen?.outages.length === 1 && seen.outages[0]?.part === "Application" && seen.outages[0].to === null,
      history?.body,
    );
    notes.keep("The history, as the status page reads it", "json", history?.body ?? "");

    await power(stage, "poweron");
    await watchNow(stage);
    const [back, after] = await visitor.visit(
      { url: `${HOSTS.dev.app}/orders`, ...PERSON },
      `${HOSTS.dev.status}/watch/history`,
    );
    notes.expect("With the server the app is back", back?.status === 200, back);
    const then = History.safeParse(after?.status === 200 ? after.json() : undefined).data;
    notes.expect("The outage has an end", typeof then?.outages[0]?.to === "string", after?.body);
    const inbox = await untilDelivered(stage, "Written while it was dark.");
    notes.expect("The message has arrived, once", inbox === 1, inbox);
  },
};

/** What Cloudflare's schedule does every five minutes. */
async function watchNow({ clouds }: Stage): Promise<void> {
  await fetch(new URL("/_rehearsal/scheduled", clouds.cloudflare.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ script: "watch-dev", cron: "*/5 * * * *" }),
  });
}

/** Switches dev's servers, and waits until it is so from outside. */
async function power(stage: Stage, action: "poweroff" | "poweron"): Promise<void> {
  const { servers } = Servers.parse(await stage.api("hetzner", "/servers?label_selector=stack%3Ddev"));
  for (const { id } of servers)
    await stage.api("hetzner", `/servers/${id}/actions/${action}`, { method: "POST", body: {} });
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const [answer] = await stage.visitor.visit(`${HOSTS.dev.app}/_release`);
    if ((answer?.status === 200) === (action === "poweron") || Date.now() > deadline) return;
  }
}

/** How often a message is in the app's inbox, once it is there at all. */
async function untilDelivered(stage: Stage, text: string): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const [answer] = await stage.visitor.visit(`${HOSTS.dev.app}/inbox`);
    const messages = answer?.status === 200 ? z.array(z.unknown()).parse(answer.json()) : [];
    const count = messages.filter((message) => JSON.stringify(message).includes(text)).length;
    if (count > 0 || Date.now() > deadline) return count;
  }
}
