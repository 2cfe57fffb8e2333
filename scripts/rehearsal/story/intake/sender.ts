import { z } from "zod";
import type { Stage } from "../../stage/stage.ts";
import type { Answer } from "../../stage/visitor.ts";
import { HOSTS } from "../hosts.ts";

/** One message of one sender. */
export interface Sent {
  email: string;
  text: string;
}

/** Lets the app refuse what has this word in it; the app's stand-in alone knows this address. */
const REFUSALS = `${HOSTS.dev.app}/_rehearsal/refusals`;

/** People at addresses of their own, as the edge counts posts by address. */
const PEOPLE = ["kim", "lou", "ash"].map((name, index) => ({
  email: `${name}@example.net`,
  ip: `203.0.113.${20 + index}`,
}));

/** Each of three people sends so many messages, one after the other. Gives the answers in the order of `sent`. */
export async function sendMessages(
  stage: Stage,
  rounds: number,
  word: string,
): Promise<{ sent: Sent[]; answers: Answer[] }> {
  const sent: Sent[] = [];
  const answers: Answer[] = [];
  for (let round = 1; round <= rounds; round++) {
    const messages = PEOPLE.map(({ email, ip }) => ({ email, ip, text: `${word} ${round} of ${email}` }));
    answers.push(
      ...(await stage.visitor.visit(
        ...messages.map(({ email, ip, text }) => post(ip, { name: "A visitor", email, message: text })),
      )),
    );
    sent.push(...messages.map(({ email, text }) => ({ email, text })));
  }
  return { sent, answers };
}

/** A post as the page's script makes it. */
export function post(ip: string, fields: Record<string, unknown>) {
  return {
    url: `${HOSTS.dev.www}/intake`,
    method: "POST",
    headers: { "content-type": "application/json", "x-rehearsal-client-ip": ip },
    body: JSON.stringify(fields),
  };
}

/** A post as a browser makes it where scripts are off. */
export function formPost(ip: string, fields: Record<string, string>) {
  return {
    url: `${HOSTS.dev.www}/intake`,
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      "x-rehearsal-client-ip": ip,
    },
    body: new URLSearchParams(fields).toString(),
  };
}

const Inbox = z.array(
  z.object({
    id: z.string(),
    body: z.looseObject({
      message: z.looseObject({
        email: z.string(),
        message: z.string(),
        attachments: z.array(z.looseObject({ name: z.string(), url: z.string() })).optional(),
      }),
    }),
    signed: z.boolean().optional(),
  }),
);
export type Inbox = z.infer<typeof Inbox>;

/** What the app has; empty while it does not answer. */
export async function inbox(stage: Stage): Promise<Inbox> {
  const [answer] = await stage.visitor.visit(`${HOSTS.dev.app}/inbox`);
  return answer?.status === 200 ? Inbox.parse(answer.json()) : [];
}

const Health = z.object({
  status: z.string(),
  reasons: z.array(z.string()),
  outbox: z.object({ waiting: z.number(), parked: z.number() }),
});
export type Health = z.infer<typeof Health>;

export async function health(stage: Stage): Promise<Health> {
  const [answer] = await stage.visitor.visit({
    url: `${HOSTS.dev.www}/intake/healthz`,
    headers: { "x-rehearsal-client-ip": "203.0.113.99" },
  });
  return Health.parse(answer?.json());
}

/** Asks until the answer is as it should be, or the time is over; gives the last one. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 45_000;
  for (;;) {
    const answer = await ask();
    if (isSo(answer) || Date.now() > deadline) return answer;
  }
}

/** From now on the app refuses messages with this word, as one that its model can't hold. */
export async function refuse(stage: Stage, word: string): Promise<void> {
  await stage.visitor.visit({ url: REFUSALS, method: "PUT", body: word });
}

/** The app is mended: it takes them. */
export async function mend(stage: Stage): Promise<void> {
  await stage.visitor.visit({ url: REFUSALS, method: "DELETE" });
}
