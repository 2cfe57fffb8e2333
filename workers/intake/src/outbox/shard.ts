import type { Env } from "../env.ts";
import type { Outbox } from "./outbox.ts";

/**
 * How many objects share the work. Each stores some hundreds of posts a second. To change the number is safe (an object
 * keeps delivering what it has), only the order of a sender's messages is not kept across the change.
 */
const SHARDS = 8;

/**
 * The sender's key: a hash of the address, so that only the message itself holds it.
 * One sender's messages are delivered in the order in which they came.
 */
export async function senderKey(email: string): Promise<string> {
  const bytes = new TextEncoder().encode(email.trim().toLowerCase());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The outbox that keeps this sender's messages. */
export function outboxOf(env: Env, sender: string): DurableObjectStub<Outbox> {
  return env.OUTBOX.getByName(shardName(Number.parseInt(sender.slice(0, 8), 16) % SHARDS));
}

/** Every outbox, for questions about the whole. */
export function allOutboxes(env: Env): { name: string; stub: DurableObjectStub<Outbox> }[] {
  return Array.from({ length: SHARDS }, (_, index) => {
    const name = shardName(index);
    return { name, stub: env.OUTBOX.getByName(name) };
  });
}

function shardName(index: number): string {
  return `outbox-${index}`;
}
