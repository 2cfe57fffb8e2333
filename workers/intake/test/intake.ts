import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import { allOutboxes, outboxOf, senderKey } from "../src/outbox/shard.ts";

export const INTAKE = "https://www.example.com/intake";

/**
 * Sets a clock that only tests move, far ahead of the real one, so that no alarm rings by itself.
 * Storage, network and promises go on as ever.
 */
export function holdTheClock(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
}

/** Moves the clock on by `ms` and rings every alarm that is due then; no alarm rings twice. */
export async function pass(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await Promise.all(allOutboxes(env).map(({ stub }) => runDurableObjectAlarm(stub)));
}

export const aMessage = {
  name: "Ada Keel",
  email: "ada@example.org",
  topic: "berth",
  message: "Is there a berth for 90 m on Friday?",
};

/** Addresses of `count` other senders whose messages share an outbox with those of `email`. */
export async function neighbours(email: string, count: number): Promise<string[]> {
  const home = outboxOf(env, await senderKey(email)).name;
  const found: string[] = [];
  for (let index = 0; found.length < count; index++) {
    const other = `neighbour${index}@example.org`;
    if (outboxOf(env, await senderKey(other)).name === home) found.push(other);
  }
  return found;
}

export function send(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(new URL(path, INTAKE), { redirect: "manual", ...init });
}

export function post(fields: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return send("/intake", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(fields),
  });
}
