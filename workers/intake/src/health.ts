import type { Env } from "./env.ts";
import { allOutboxes } from "./outbox/shard.ts";
import { readSettings } from "./settings.ts";

/** What `/intake/healthz` says; public, so it holds counts and no more. */
export interface Health {
  status: "ok" | "degraded" | "down";
  /** Why the status is not `ok`, one plain sentence each. */
  reasons: string[];
  stack: string;
  /** The id of the Worker version that answers, what the deploy called it ("" if nothing), and when it was uploaded. */
  version: string;
  tag: string;
  uploadedAt: string;
  outbox: { waiting: number; parked: number; oldestSeconds: number };
  /** False when deliveries leave without a signature. */
  signed: boolean;
  paused: boolean;
}

/** A message that has waited longer than this, in seconds, is worth a look. */
const OLD_SECONDS = 900;

/** Asks every outbox. Status `down` means that posts may not be accepted now. */
export async function health(env: Env, now: number): Promise<Health> {
  const [read, ...answers] = await Promise.all([
    readSettings(env.INTAKE_SETTINGS),
    ...allOutboxes(env).map(({ stub }) => stub.state().catch(() => undefined)),
  ]);
  const outbox = { waiting: 0, parked: 0, oldestSeconds: 0 };
  let silent = 0;
  let failing = 0;
  for (const state of answers) {
    if (!state) {
      silent += 1;
      continue;
    }
    outbox.waiting += state.waiting;
    outbox.parked += state.parked;
    if (state.oldestWaitingAt !== null)
      outbox.oldestSeconds = Math.max(
        outbox.oldestSeconds,
        Math.max(0, Math.floor((now - state.oldestWaitingAt) / 1000)),
      );
    if (state.waiting > 0 && state.failures > 0) failing += 1;
  }
  const signed = Boolean(env.INTAKE_SIGNING_KEY);
  const reasons = [
    ...(silent > 0 ? [`${silent} of ${answers.length} outboxes do not answer`] : []),
    ...(failing > 0 ? ["the backend does not take messages, they are kept"] : []),
    ...(read.settings.paused ? ["deliveries are paused, messages are kept"] : []),
    ...(outbox.parked > 0 ? [`${outbox.parked} messages are parked for an operator`] : []),
    ...(outbox.oldestSeconds > OLD_SECONDS
      ? [`the oldest message waits for ${outbox.oldestSeconds} seconds`]
      : []),
    ...(signed ? [] : ["no signing key is set, deliveries are not signed"]),
    ...(read.problem ? [read.problem] : []),
  ];
  return {
    status: silent > 0 ? "down" : reasons.length > 0 ? "degraded" : "ok",
    reasons,
    stack: env.STACK,
    version: env.VERSION.id,
    tag: env.VERSION.tag,
    uploadedAt: env.VERSION.timestamp,
    outbox,
    signed,
    paused: read.settings.paused,
  };
}
