import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import { fillEsc } from "../fill-esc.ts";
import { HOSTS } from "../hosts.ts";
import { deployDevJob } from "../jobs.ts";
import { keepJob, type Scene } from "../scene.ts";
import type { IntakeMemory } from "./chapter.ts";
import { formPost, health, post, sendMessages } from "./sender.ts";
import { switchServers } from "./server-power.ts";

const Granted = z.object({ id: z.string(), url: z.string() });
const ROUNDS = 4;
const FILE = "Length 92 m, draught 5.1 m\n";

export const originDies: Scene<IntakeMemory> = {
  name: "origin-dies",
  title: "The origin dies, people go on writing",
  tells:
    "Dev comes up, with a bucket for files. Then its server is switched off. Visitors of the app see an error; whoever fills in the form is thanked as ever, with a script and without, with a file and without.",
  async play(stage, notes, memory) {
    await fillEsc(stage);
    stage.checkout.edit(
      "workers/intake/wrangler.jsonc",
      '  "vars": {',
      '  "r2_buckets": [{ "binding": "INTAKE_UPLOADS", "bucket_name": "intake-uploads" }],\n  "vars": {',
    );
    const sha = await stage.checkout.commit("Let files go with messages");
    await stage.checkout.git("push", "--quiet", "origin", "HEAD:main");
    keepJob(notes, await deployDevJob(stage, sha));

    await switchServers(stage, "off");
    const [app] = await stage.visitor.visit(HOSTS.dev.app);
    notes.expect("The app is gone for visitors", (app?.status ?? 0) >= 500, app?.status);

    const { sent, answers } = await sendMessages(stage, ROUNDS, "Message");
    memory.sent.push(...sent);
    notes.expect(
      `Each of ${sent.length} posts of three people is answered 202 with an id`,
      answers.every(({ status, body }) => status === 202 && body.includes('"id"')),
      answers.map(({ status, body }) => `${status} ${body}`),
    );
    await sendForm(stage, notes, memory);
    await sendFile(stage, notes, memory);

    const now = await health(stage);
    notes.expect(
      `/intake/healthz says that ${memory.sent.length} messages wait, and why`,
      now.outbox.waiting === memory.sent.length &&
        now.reasons.some((reason) => reason.includes("does not take messages")),
      now,
    );
  },
};

async function sendForm(
  stage: Stage,
  notes: Parameters<Scene["play"]>[1],
  memory: IntakeMemory,
): Promise<void> {
  const message = { email: "noscript@example.net", text: "Sent without a script" };
  const form = formPost("203.0.113.30", { name: "N", email: message.email, message: message.text });
  // A double click: one message.
  const answers = await stage.visitor.visit(form, form);
  notes.expect(
    "A form without JavaScript leads to the thank-you page",
    answers.every(({ status, headers }) => status === 303 && headers.location === "/thanks"),
    answers,
  );
  memory.sent.push(message);
}

async function sendFile(
  stage: Stage,
  notes: Parameters<Scene["play"]>[1],
  memory: IntakeMemory,
): Promise<void> {
  const ip = "203.0.113.31";
  const file = { name: "tern.txt", type: "text/plain", size: FILE.length };
  const [granted] = await stage.visitor.visit({
    ...post(ip, file),
    url: `${HOSTS.dev.www}/intake/uploads`,
  });
  const { id, url } = Granted.parse(granted?.json());
  const [stored] = await stage.visitor.visit({
    url,
    method: "PUT",
    headers: { "content-type": file.type, "x-rehearsal-client-ip": ip },
    body: FILE,
  });
  notes.expect("A file is stored by a signed URL", stored?.status === 204, stored);
  const message = { email: "captain@example.net", text: "The particulars are attached" };
  const [accepted] = await stage.visitor.visit(
    post(ip, { name: "C", email: message.email, message: message.text, attachments: [id] }),
  );
  notes.expect("The message that goes with it is answered 202", accepted?.status === 202, accepted);
  memory.sent.push(message);
  memory.file = FILE;
}
