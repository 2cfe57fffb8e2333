import { z } from "zod";
import type { Scene } from "../scene.ts";
import type { IntakeMemory } from "./chapter.ts";
import { operate } from "./operator.ts";
import { health, inbox, mend, post, refuse, until } from "./sender.ts";

const List = z.object({ deadLetters: z.array(z.object({ id: z.string(), error: z.string() })) });
const Outcome = z.object({ outcome: z.string() });
const Accepted = z.object({ id: z.string() });

const SENDER = { name: "P", email: "poison@example.net" };
const IP = "203.0.113.40";
const WORD = "Ærøskøbing";

export const poisonMessage: Scene<IntakeMemory> = {
  name: "poison-message",
  title: "A message that the app can't take",
  tells:
    "The app refuses a message that it can't store. It is parked and holds up nobody. The operator lists it, is stopped from purging it by mistake, mends the app and replays it: it arrives.",
  async play(stage, notes) {
    await refuse(stage, WORD);
    const answers = await stage.visitor.visit(post(IP, { ...SENDER, message: `From ${WORD}` }));
    answers.push(...(await stage.visitor.visit(post(IP, { ...SENDER, message: "From elsewhere" }))));
    const id = Accepted.safeParse(answers[0]?.json()).data?.id ?? "none";
    const has = (text: string) => async () =>
      (await inbox(stage)).some(({ body }) => body.message.message === text);
    notes.expect(
      "The sender's next message arrives all the same",
      await until(has("From elsewhere"), (arrived) => arrived),
      await health(stage),
    );
    const parked = await until(
      () => health(stage),
      ({ outbox }) => outbox.parked === 1,
    );
    notes.expect("/intake/healthz says that one message is parked", parked.outbox.parked === 1, parked);

    const list = await operate(stage, notes, ["list"]);
    const [letter] = List.safeParse(list.result).data?.deadLetters ?? [];
    notes.expect(
      "The list has it, with the app's answer",
      letter?.id === id && letter.error === "HTTP 422",
      list.result,
    );
    notes.expect(
      "The list has nothing that the sender wrote",
      !list.log.includes(WORD) && !list.log.includes(SENDER.email),
      list.log,
    );
    const purge = await operate(stage, notes, ["purge", id], 3);
    notes.expect(
      "To purge it somebody has to say yes",
      Outcome.safeParse(purge.result).data?.outcome === "purge-unconfirmed",
      purge.result,
    );

    await mend(stage);
    await operate(stage, notes, ["replay", "--all"]);
    notes.expect(
      "Once the app is mended, the replayed message arrives",
      await until(has(`From ${WORD}`), (arrived) => arrived),
      await health(stage),
    );
    const texts = (await inbox(stage)).map(({ body }) => body.message.message);
    notes.expect("Nothing is in the app twice", new Set(texts).size === texts.length, texts);
    const empty = await operate(stage, notes, ["list"]);
    notes.expect(
      "Nothing is parked any more",
      List.safeParse(empty.result).data?.deadLetters.length === 0,
      empty.result,
    );
  },
};
