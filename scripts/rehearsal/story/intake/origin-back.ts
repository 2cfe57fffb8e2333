import type { Scene } from "../scene.ts";
import type { IntakeMemory } from "./chapter.ts";
import { health, inbox, until } from "./sender.ts";
import { switchServers } from "./server-power.ts";

export const originBack: Scene<IntakeMemory> = {
  name: "origin-back",
  title: "The origin is back, everything arrives",
  tells:
    "The server is switched on again. Nobody does anything else: the outbox tries again by itself, and each message is there once, each sender's in the order in which he wrote them.",
  async play(stage, notes, { sent, file }) {
    await switchServers(stage, "on");
    const messages = await until(
      () => inbox(stage),
      (arrived) => arrived.length >= sent.length,
    );
    notes.keep("What the app has", "json", JSON.stringify(messages));
    const texts = messages.map(({ body }) => body.message.message);
    notes.expect(
      `All ${sent.length} messages are there, each once`,
      texts.toSorted().join("\n") ===
        sent
          .map(({ text }) => text)
          .toSorted()
          .join("\n"),
      texts,
    );
    const disordered = [...new Set(sent.map(({ email }) => email))].filter(
      (email) =>
        messages
          .filter(({ body }) => body.message.email === email)
          .map(({ body }) => body.message.message)
          .join() !==
        sent
          .filter((each) => each.email === email)
          .map(({ text }) => text)
          .join(),
    );
    notes.expect("Each sender's are in the order in which he wrote them", disordered.length === 0, {
      disordered,
      texts,
    });
    notes.expect(
      "Each delivery was signed",
      messages.length > 0 && messages.every(({ signed }) => signed === true),
      messages,
    );
    const [attachment] = messages.flatMap(({ body }) => body.message.attachments ?? []);
    const [download] = attachment ? await stage.visitor.visit(attachment.url) : [];
    notes.expect(
      "The app can fetch the file by the URL in the message, and a browser would not run it",
      download?.body === file && download?.headers["content-disposition"]?.startsWith("attachment") === true,
      download ?? messages,
    );
    const now = await until(
      () => health(stage),
      ({ status }) => status === "ok",
    );
    notes.expect("/intake/healthz says ok, and that nothing waits", now.status === "ok", now);
  },
};
