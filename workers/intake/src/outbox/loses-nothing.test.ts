import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { backend } from "../../test/backend.ts";
import { aMessage, holdTheClock, neighbours, post } from "../../test/intake.ts";
import { dyingAt, type Killer } from "../../test/kill.ts";
import { outboxOf, senderKey } from "./shard.ts";

const [ada = "", ...others] = ["ada@example.org", ...(await neighbours("ada@example.org", 2))];
/** Some hundred lives and deaths, on a machine that may be busy with others. */
const TIME_LIMIT_MS = 120_000;
const SENDERS = [ada, ...others];
const key = await senderKey(ada);
/** The stub of an object that was killed stays broken. */
const outbox = () => outboxOf(env, key);

// One clock for all: the objects live on, and time must not go back for them.
beforeAll(holdTheClock);
beforeEach(() => backend.reset());
afterAll(async () => {
  vi.useRealTimers();
  await reset();
  await backend.reset();
});

let count = 0;
let killer: Killer | undefined;

/** Lets the object die at its `at`-th step from now. */
async function killAt(at: number): Promise<Killer> {
  killer?.stop();
  killer = await dyingAt(outbox(), at);
  return killer;
}

/** Posts as the form does: what was not answered is sent again. Gives the text. */
async function say(sender: string): Promise<string> {
  const message = `message ${++count}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    const { status } = await post({ ...aMessage, email: sender, message });
    await killer?.bury();
    if (status === 202) return message;
  }
  throw new Error("not accepted in three attempts");
}

async function pass(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  // An object that dies in its alarm takes the call with it.
  await runDurableObjectAlarm(outbox()).catch(() => {});
  await killer?.bury();
}

/** Lets an hour go by in which nothing happens; then all that was accepted must be there, once, in order a sender. */
async function expectEach(accepted: { sender: string; text: string }[]): Promise<void> {
  await backend.answers();
  for (let minute = 0; minute < 60 && (await outbox().state()).waiting > 0; minute += 6) await pass(360_000);
  const stored = await backend.stored();
  for (const sender of SENDERS) {
    const sent = accepted.filter((each) => each.sender === sender).map(({ text }) => text);
    const arrived = stored.filter(({ message }) => message.email === sender);
    expect(arrived.map(({ message }) => message.message)).toEqual(sent);
  }
  expect(await outbox().state()).toMatchObject({ waiting: 0, parked: 0 });
}

/** Two senders post while the backend has trouble, then a delivery's answer is lost, then all is well. */
async function story(): Promise<{ sender: string; text: string }[]> {
  const accepted: { sender: string; text: string }[] = [];
  const posts = async () => {
    for (const sender of SENDERS.slice(0, 2)) accepted.push({ sender, text: await say(sender) });
  };
  await backend.answers({ status: 503, times: 1 }, { status: 0, stores: true, times: 1 });
  await posts();
  await pass(0);
  await posts();
  await pass(60_000);
  await pass(60_000);
  return accepted;
}

it(
  "loses and doubles nothing, at whichever step of its work the object is killed",
  async () => {
    const counting = await killAt(Number.POSITIVE_INFINITY);
    const undisturbed = await story();
    counting.stop();
    await expectEach(undisturbed);
    const steps = counting.steps();
    // The dice of the backoff make the story a step longer or shorter.
    let killed = 0;
    for (let step = 1; step <= steps; step++) {
      await backend.reset();
      const killing = await killAt(step);
      const accepted = await story();
      killing.stop();
      await expectEach(accepted);
      if (killing.killed()) killed += 1;
    }
    expect(killed).toBeGreaterThan(20);
  },
  TIME_LIMIT_MS,
);

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("post" as const), sender: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(400_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("trouble" as const),
      status: fc.constantFrom(0, 429, 500, 503),
      stores: fc.boolean(),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("kill" as const), after: fc.nat(12) }) },
);

it(
  "loses and doubles nothing, whatever happens to object and backend in whatever order",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 16 }), async (actions) => {
        await backend.reset();
        const accepted: { sender: string; text: string }[] = [];
        for (const now of actions) {
          if (now.do === "post") {
            const sender = SENDERS[now.sender] ?? ada;
            accepted.push({ sender, text: await say(sender) });
          }
          if (now.do === "pass") await pass(now.ms);
          if (now.do === "trouble") await backend.answers(now);
          if (now.do === "kill") await killAt(now.after + 1);
        }
        killer?.stop();
        await expectEach(accepted);
      }),
      { numRuns: 12, seed: 20261123 },
    );
  },
  TIME_LIMIT_MS,
);
